namespace L2c.Kernels;

public abstract partial class Device
{
    /// <summary>y[b,t,h,:] = sum_s softmax_s(q[b,t,h] . k[b,s,h] / sqrt(D)) v[b,s,h,:]</summary>
    /// <param name="qkv">[B,T,3C], contiguous: q, k, v of all heads side by side, as the published qkv weight gives them (3, H, D).</param>
    /// <param name="y">[B,T,C], contiguous, C = H D.</param>
    /// <param name="heads">H.</param>
    /// <remarks>
    /// Numbers  softmax with the row maximum subtracted, statistics and sums in fp32.
    /// Traffic  4 B T C elements; the T x T scores never reach memory beyond a tile.
    /// Source   Vaswani et al. 2017, equation 1.
    /// </remarks>
    /// <exception cref="ArgumentException">Shapes disagree.</exception>
    public void Attention(Tensor qkv, Tensor y, int heads)
    {
        Require(qkv.Shape.Rank == 3 && y.Shape.Rank == 3, nameof(Attention), $"qkv {qkv.Shape} and y {y.Shape} must be [B,T,3C] and [B,T,C]");
        Require(qkv.Shape[0] == y.Shape[0] && qkv.Shape[1] == y.Shape[1], nameof(Attention), $"qkv {qkv.Shape} does not match y {y.Shape} (B and T must agree)");
        Require(qkv.Columns == 3 * y.Columns, nameof(Attention), $"qkv {qkv.Shape} does not match y {y.Shape} (3C against C)");
        Require(heads > 0 && y.Columns % heads == 0, nameof(Attention), $"{heads} heads do not divide C of y {y.Shape}");
        Require(qkv.IsContiguous && y.IsContiguous, nameof(Attention), "qkv and y must be contiguous");
        AttentionCore(qkv, y, heads);
    }

    /// <summary>The device's form of <see cref="Attention"/>; shapes have been checked.</summary>
    protected abstract void AttentionCore(Tensor qkv, Tensor y, int heads);
}
