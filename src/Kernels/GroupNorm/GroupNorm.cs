namespace L2c.Kernels;

public abstract partial class Device
{
    /// <summary>y[b,i,j,c] = act((x[b,i,j,c] - mean[b,g]) / sqrt(var[b,g] + eps) * gamma[c] + beta[c]), g = c / (C / G): mean and population variance
    /// over all pixels and the C / G channels of a group.</summary>
    /// <param name="x">[B,H,W,C], contiguous.</param>
    /// <param name="gamma">[C].</param>
    /// <param name="beta">[C].</param>
    /// <param name="y">[B,H,W,C], contiguous; may be x itself.</param>
    /// <param name="groups">G; divides C.</param>
    /// <param name="epsilon">eps.</param>
    /// <param name="activation">Applied to the result.</param>
    /// <remarks>
    /// Numbers  sums in fp32 over parts of a fixed size, which are added in order; the variance from differences to the mean of a part.
    /// Traffic  two reads of x and one write of y.
    /// Source   Wu and He 2018, "Group Normalization".
    /// </remarks>
    /// <exception cref="ArgumentException">Shapes disagree.</exception>
    public void GroupNorm(Tensor x, Tensor gamma, Tensor beta, Tensor y, int groups, float epsilon, Activation activation = Activation.None)
    {
        const string Op = nameof(GroupNorm);
        Require(
            x.Shape.Rank == 4 && x.Shape == y.Shape && x.IsContiguous && y.IsContiguous, Op,
            $"x {x.Shape} and y {y.Shape} must be the same [B,H,W,C], contiguous");
        Require(groups > 0 && x.Columns % groups == 0, Op, $"{groups} groups do not divide C of x {x.Shape}");
        Require(
            gamma.Shape.Count == x.Columns && beta.Shape.Count == x.Columns, Op,
            $"gamma {gamma.Shape} and beta {beta.Shape} do not match x {x.Shape} (C must agree)");
        GroupNormCore(x, gamma, beta, y, groups, epsilon, activation);
    }

    /// <summary>The device's form of <see cref="GroupNorm"/>; shapes have been checked.</summary>
    protected abstract void GroupNormCore(Tensor x, Tensor gamma, Tensor beta, Tensor y, int groups, float epsilon, Activation activation);
}
