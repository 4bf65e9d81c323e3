namespace L2c.Kernels;

public abstract partial class Device
{
    /// <summary>y = x in bfloat16: what is kept for later in half the memory.</summary>
    /// <param name="x">Contiguous, <see cref="DType.F32"/>, which must be the device's storage type: another is no wider.</param>
    /// <param name="y">As many elements, contiguous, <see cref="DType.BF16"/>; must not overlap x.</param>
    /// <remarks>
    /// Numbers  rounded to nearest, ties to even; values beyond the largest become infinite, NaN stays NaN.
    /// Traffic  one read and one write per element: 6 bytes.
    /// </remarks>
    /// <exception cref="ArgumentException">Shapes or types disagree.</exception>
    public void Convert(Tensor x, Tensor y)
    {
        const string Op = nameof(Convert);
        Require(x.Shape == y.Shape && x.IsContiguous && y.IsContiguous, Op, $"y {y.Shape} does not match x {x.Shape}, or one is not contiguous");
        Require(
            x.DType == DType.F32 && StorageType == DType.F32 && y.DType == DType.BF16, Op,
            $"from {x.DType} to {y.DType} on a device that stores {StorageType} (from {DType.F32} to {DType.BF16} where {DType.F32} is stored)");
        ConvertCore(x, y);
    }

    /// <summary>The device's form of <see cref="Convert"/>; shapes and types have been checked.</summary>
    protected abstract void ConvertCore(Tensor x, Tensor y);
}
