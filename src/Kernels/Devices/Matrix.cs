namespace L2c.Kernels;

/// <summary>The weight of a linear map, y = x W^T, in the layout its device computes with (packed panels on the CPU, row-major on CUDA).</summary>
/// <param name="Address">Start of the device's own layout.</param>
/// <param name="Outputs">N: rows of the stored weight, as PyTorch's <c>[out, in]</c>.</param>
/// <param name="Inputs">K: columns of the stored weight.</param>
/// <param name="DType">Element type.</param>
/// <param name="Device">The device whose layout it is.</param>
/// <param name="IsTransposed">Whether it stands for the transpose of a weight, for dx = dy W: see <see cref="Arena.TakeTransposed"/>.</param>
/// <param name="IsSlice">Whether it is some of the outputs or inputs of a larger weight, to be read only: see <see cref="SliceOutputs"/> and
/// <see cref="SliceInputs"/>.</param>
/// <param name="SkippedOutputs">Outputs that the layout has at <paramref name="Address"/> before the first one: a CPU's slice may begin inside a
/// panel.</param>
/// <param name="Pitch">Of a slice: K of the panels that it lies in (CPU), elements from one row in memory to the next (CUDA). 0 where they are
/// the matrix's own.</param>
public readonly record struct Matrix(
    nint Address,
    int Outputs,
    int Inputs,
    DType DType,
    Device Device,
    bool IsTransposed = false,
    bool IsSlice = false,
    int SkippedOutputs = 0,
    int Pitch = 0)
{
    /// <summary>Outputs <paramref name="first"/> .. as a view that <see cref="Device.Linear"/> reads; they are written through the whole.</summary>
    /// <exception cref="ArgumentException">Not within the weight.</exception>
    public Matrix SliceOutputs(int first, int count) => first >= 0 && count > 0 && first + count <= Outputs
        ? Device.SliceOutputs(this, first) with { Outputs = count, IsSlice = true }
        : throw new ArgumentException($"SliceOutputs: {count} outputs from {first} on are not in weight [{Outputs}, {Inputs}]");

    /// <summary>Inputs <paramref name="first"/> .. as a view that <see cref="Device.Linear"/> reads: what a map of several inputs side by side does
    /// to one of them.</summary>
    /// <exception cref="ArgumentException">Not within the weight.</exception>
    public Matrix SliceInputs(int first, int count) => first >= 0 && count > 0 && first + count <= Inputs
        ? Device.SliceInputs(this, first) with { Inputs = count, IsSlice = true }
        : throw new ArgumentException($"SliceInputs: {count} inputs from {first} on are not in weight [{Outputs}, {Inputs}]");
}
