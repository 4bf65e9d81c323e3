namespace L2c.Kernels;

public abstract partial class Device
{
    /// <summary>Over the first elements of each image: dA[n,i] = scale (a[n,i] - b[n,i]), and sums[n] = sum_i (a[n,i] - b[n,i])^2.</summary>
    /// <param name="a">[N, ..], contiguous, fp32: the student's output, an image per row of the first axis.</param>
    /// <param name="b">As a: the teacher's.</param>
    /// <param name="counted">Elements of an image that are compared, from its first one on; of the others dA is 0, and they are not read.</param>
    /// <param name="scale">Of the gradient: 2 / (N counted) for the mean over all that is compared.</param>
    /// <param name="dA">As a; may be a or b.</param>
    /// <param name="sums">[N] F32, contiguous: an image's share each, for the host to add up.</param>
    /// <remarks>
    /// Numbers  fp32; sums in an order that depends on the number compared alone.
    /// Traffic  3 elements per value that is compared, 1 per other.
    /// Source   Learning-to-Cache, equation 6 (first term).
    /// </remarks>
    /// <exception cref="ArgumentException">Shapes disagree, or an image has fewer elements than are to be compared.</exception>
    public void SquaredError(Tensor a, Tensor b, int counted, float scale, Tensor dA, Tensor sums)
    {
        const string Op = nameof(SquaredError);
        Require(a.Shape == b.Shape && a.Shape == dA.Shape, Op, $"a {a.Shape}, b {b.Shape} and dA {dA.Shape} disagree");
        Require(a.DType == DType.F32 && a.IsContiguous && b.IsContiguous && dA.IsContiguous, Op, "a, b and dA must be F32, contiguous");
        bool sumsFit = sums.DType == DType.F32 && sums.IsContiguous && sums.Shape.Count == a.Shape[0];
        Require(sumsFit, Op, $"sums {sums.Shape} {sums.DType} must be F32, a value per image of a {a.Shape}");
        bool countFits = counted >= 1 && counted <= a.Shape.Count / a.Shape[0];
        Require(countFits, Op, $"{counted} elements of an image of a {a.Shape} cannot be compared");
        SquaredErrorCore(a, b, counted, scale, dA, sums);
    }

    /// <summary>The device's form of <see cref="SquaredError"/>; shapes have been checked.</summary>
    protected abstract void SquaredErrorCore(Tensor a, Tensor b, int counted, float scale, Tensor dA, Tensor sums);
}
