namespace L2c.Kernels;

/// <summary>The weight of a linear map, y = x W^T, in the layout its device computes with (packed panels on the CPU, row-major on CUDA).</summary>
/// <param name="Address">Start of the device's own layout.</param>
/// <param name="Outputs">N: rows of the stored weight, as PyTorch's <c>[out, in]</c>.</param>
/// <param name="Inputs">K: columns of the stored weight.</param>
/// <param name="DType">Element type.</param>
/// <param name="Device">The device whose layout it is.</param>
/// <param name="IsTransposed">Whether it stands for the transpose of a weight, for dx = dy W: see <see cref="Arena.TakeTransposed"/>.</param>
public readonly record struct Matrix(nint Address, int Outputs, int Inputs, DType DType, Device Device, bool IsTransposed = false);
