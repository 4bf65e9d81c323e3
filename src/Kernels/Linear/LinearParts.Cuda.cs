using L2c.Kernels.Cuda;

namespace L2c.Kernels;

// What Linear needs besides cuBLASLt. Part of an op: the caller has checked shapes and dtypes and begun the op.
public sealed unsafe partial class CudaDevice
{
    /// <summary>y = x W^T + bias by the plain kernel, for what cuBLASLt has no algorithm for.</summary>
    /// <exception cref="ArgumentException">More outputs than a grid holds.</exception>
    internal void PlainMatmul(Tensor x, Matrix weight, Tensor bias, Tensor y)
    {
        int blocksOfColumns = Blocks(weight.Outputs, PlainMatmulKernel.Tile);
        if (blocksOfColumns > MaxGridExtent)
        {
            throw new ArgumentException(
                $"Linear: weight [{weight.Outputs}, {weight.Inputs}] has more outputs than a grid holds ({MaxGridExtent * PlainMatmulKernel.Tile})");
        }

        KernelParameters parameters = new(stackalloc byte[128]);
        parameters.Add(Address(x));
        parameters.Add(x.RowStride);
        parameters.Add(new Native.CUdeviceptr((ulong)weight.Address));
        parameters.Add(Address(bias));
        parameters.Add(Address(y));
        parameters.Add(y.RowStride);
        parameters.Add(y.Rows);
        parameters.Add(weight.Outputs);
        parameters.Add(weight.Inputs);
        int blocksOfRows = Blocks(y.Rows, PlainMatmulKernel.Tile);
        Launch(PlainMatmulKernel.Template, new LaunchSize(blocksOfRows, blocksOfColumns), parameters.Packed);
    }

    /// <summary>y = act(y + bias) in place.</summary>
    internal void BiasActivation(Tensor y, Tensor bias, Activation activation)
    {
        KernelParameters parameters = new(stackalloc byte[64]);
        parameters.Add(Address(y));
        parameters.Add(Address(bias));
        parameters.Add(y.RowStride);
        parameters.Add(y.Columns);
        parameters.Add((int)activation);
        bool isFast = y.Columns % EightFloats.Count == 0 && Sixteen.Divides(y, bias);
        Launch(isFast ? BiasActivationKernel.Fast : BiasActivationKernel.Plain, new LaunchSize(y.Rows), parameters.Packed);
    }
}
