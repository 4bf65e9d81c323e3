namespace L2c.Kernels;

public abstract partial class Device
{
    /// <summary>The gradient of <see cref="Attention"/>, per image and head:
    /// <code>
    /// S = q k^T / sqrt(D), P = softmax rows of S           recomputed: the T x T scores are not kept
    /// dP = dy v^T,  dS = P (dP - rowsum(P dP)) / sqrt(D)
    /// dq = dS k,  dk = dS^T q,  dv = P^T dy
    /// </code></summary>
    /// <param name="qkv">[B,T,3C], contiguous: as the forward read it.</param>
    /// <param name="dy">[B,T,C], contiguous: gradient of what the forward gave.</param>
    /// <param name="dQkv">[B,T,3C], contiguous; must not overlap the others.</param>
    /// <param name="heads">H.</param>
    /// <remarks>
    /// Numbers  statistics and sums in fp32, in an order that depends on T alone.
    /// Traffic  7 B T C elements and more where tiles read q, k and v again; no T x T matrix in memory beyond a tile.
    /// Source   Dao et al. 2022, algorithm 4. Its rowsum(dy y) equals rowsum(P dP), which needs no y and is free of y's rounding.
    /// </remarks>
    /// <exception cref="ArgumentException">Shapes disagree.</exception>
    public void AttentionBackward(Tensor qkv, Tensor dy, Tensor dQkv, int heads)
    {
        const string Op = nameof(AttentionBackward);
        Require(qkv.Shape.Rank == 3 && dy.Shape.Rank == 3, Op, $"qkv {qkv.Shape} and dy {dy.Shape} must be [B,T,3C] and [B,T,C]");
        Require(qkv.Shape[0] == dy.Shape[0] && qkv.Shape[1] == dy.Shape[1], Op, $"qkv {qkv.Shape} does not match dy {dy.Shape} (B and T must agree)");
        Require(qkv.Columns == 3 * dy.Columns, Op, $"qkv {qkv.Shape} does not match dy {dy.Shape} (3C against C)");
        Require(heads > 0 && dy.Columns % heads == 0, Op, $"{heads} heads do not divide C of dy {dy.Shape}");
        Require(dQkv.Shape == qkv.Shape, Op, $"dQkv {dQkv.Shape} does not match qkv {qkv.Shape}");
        Require(qkv.IsContiguous && dy.IsContiguous && dQkv.IsContiguous, Op, "qkv, dy and dQkv must be contiguous");
        AttentionBackwardCore(qkv, dy, dQkv, heads);
    }

    /// <summary>The device's form of <see cref="AttentionBackward"/>; shapes have been checked.</summary>
    protected abstract void AttentionBackwardCore(Tensor qkv, Tensor dy, Tensor dQkv, int heads);
}
