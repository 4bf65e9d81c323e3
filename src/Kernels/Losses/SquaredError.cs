namespace L2c.Kernels;

public abstract partial class Device
{
    /// <summary>dA[n,i] = scale (a[n,i] - b[n,i]), and per row sums[n] = sum_i (a[n,i] - b[n,i])^2.</summary>
    /// <param name="a">[N, ..], contiguous, fp32: the student's output, an image per row of the first axis.</param>
    /// <param name="b">As a: the teacher's.</param>
    /// <param name="scale">Of the gradient: 2 / (elements of a) for the mean over everything.</param>
    /// <param name="dA">As a; may be a or b.</param>
    /// <param name="sums">[N] F32, contiguous: an image's share each, for the host to add up.</param>
    /// <remarks>
    /// Numbers  fp32; sums in an order that depends on an image's size alone.
    /// Traffic  3 elements per value.
    /// Source   Learning-to-Cache, equation 6 (first term).
    /// </remarks>
    /// <exception cref="ArgumentException">Shapes disagree.</exception>
    public void SquaredError(Tensor a, Tensor b, float scale, Tensor dA, Tensor sums)
    {
        const string Op = nameof(SquaredError);
        Require(a.Shape == b.Shape && a.Shape == dA.Shape, Op, $"a {a.Shape}, b {b.Shape} and dA {dA.Shape} disagree");
        Require(a.DType == DType.F32 && a.IsContiguous && b.IsContiguous && dA.IsContiguous, Op, "a, b and dA must be F32, contiguous");
        bool sumsFit = sums.DType == DType.F32 && sums.IsContiguous && sums.Shape.Count == a.Shape[0];
        Require(sumsFit, Op, $"sums {sums.Shape} {sums.DType} must be F32, a value per image of a {a.Shape}");
        SquaredErrorCore(a, b, scale, dA, sums);
    }

    /// <summary>The device's form of <see cref="SquaredError"/>; shapes have been checked.</summary>
    protected abstract void SquaredErrorCore(Tensor a, Tensor b, float scale, Tensor dA, Tensor sums);
}
