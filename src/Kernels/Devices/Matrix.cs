namespace L2c.Kernels;

/// <summary>The weight of a linear map, y = x W^T, in the layout its device computes with (packed panels on the CPU, row-major on CUDA).</summary>
/// <param name="Address">Start of the device's own layout.</param>
/// <param name="Outputs">N: rows of the stored weight, as PyTorch's <c>[out, in]</c>.</param>
/// <param name="Inputs">K: columns of the stored weight.</param>
/// <param name="DType">Element type.</param>
/// <param name="Device">The device whose layout it is.</param>
/// <param name="IsTransposed">Whether it stands for the transpose of a weight, for dx = dy W: see <see cref="Arena.TakeTransposed"/>.</param>
/// <param name="IsSlice">Whether it is some of the outputs of a larger weight, to be read only: see <see cref="SliceOutputs"/>.</param>
/// <param name="SkippedOutputs">Outputs that the layout has at <paramref name="Address"/> before the first one: a CPU's slice may begin inside a
/// panel.</param>
public readonly record struct Matrix(
    nint Address,
    int Outputs,
    int Inputs,
    DType DType,
    Device Device,
    bool IsTransposed = false,
    bool IsSlice = false,
    int SkippedOutputs = 0)
{
    /// <summary>Outputs <paramref name="first"/> .. as a view that <see cref="Device.Linear"/> reads; they are written through the whole.</summary>
    /// <exception cref="ArgumentException">Not within the weight, or the weight is transposed.</exception>
    public Matrix SliceOutputs(int first, int count) => first >= 0 && count > 0 && first + count <= Outputs && !IsTransposed
        ? Device.SliceOutputs(this, first, count) with { Outputs = count, IsSlice = true }
        : throw new ArgumentException($"SliceOutputs: {count} outputs from {first} on are not in weight [{Outputs}, {Inputs}]{(IsTransposed ? ", which is transposed" : "")}");
}
