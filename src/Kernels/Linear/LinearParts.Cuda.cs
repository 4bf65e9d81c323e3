using L2c.Kernels.Cuda;
using L2c.Native;

namespace L2c.Kernels;

// What Linear needs besides cuBLASLt. Part of an op: the caller has checked shapes and dtypes and begun the op.
public sealed unsafe partial class CudaDevice
{
    /// <summary>y = x W^T + bias, or y + x W^T + bias, by the plain kernel, for what cuBLASLt has no algorithm for.</summary>
    /// <exception cref="ArgumentException">More outputs than a grid holds.</exception>
    internal void PlainMatmul(Tensor x, Matrix weight, Tensor bias, Tensor y, bool accumulates = false, string op = nameof(Linear))
    {
        CUdeviceptr weightAddress = new((ulong)weight.Address);
        int pitch = weight.Pitch != 0 ? weight.Pitch : weight.IsTransposed ? weight.Outputs : weight.Inputs;
        (int output, int term) = weight.IsTransposed ? (1, pitch) : (pitch, 1);
        PlainProduct(
            op,
            new PlainOperand(Address(x), x.RowStride, 1),
            new PlainOperand(weightAddress, output, term),
            Address(bias),
            y,
            weight.Inputs,
            accumulates);
    }

    /// <summary>dW = dy^T x by the plain kernel.</summary>
    /// <exception cref="ArgumentException">More inputs than a grid holds.</exception>
    internal void PlainWeightGradient(Tensor dy, Tensor x, Tensor dWeight) => PlainProduct(
        nameof(LinearWeightGradient),
        new PlainOperand(Address(dy), 1, dy.RowStride),
        new PlainOperand(Address(x), 1, x.RowStride),
        default,
        dWeight,
        x.Rows,
        accumulates: false);

    /// <summary>y = x w' (<see cref="MatmulForm.Map"/>) or x w (<see cref="MatmulForm.InputGradient"/>) of operands that are no weights; y in the storage
    /// type or in fp32.</summary>
    private void Product(string op, Tensor x, Tensor w, Tensor y, MatmulForm form, cublasComputeType_t compute)
    {
        var shape = new MatmulShape(
            x.Rows,
            y.Columns,
            x.Columns,
            x.RowStride,
            y.RowStride,
            StorageType,
            compute,
            MatmulEpilogue.None,
            MatmulShape.AlignmentOf(Address(x)),
            MatmulShape.AlignmentOf(Address(w)),
            MatmulShape.AlignmentOf(Address(y)),
            form,
            w.RowStride,
            StoresFloats: y.DType != StorageType);
        if (!TryMatmul(op, shape, Address(x), Address(w), default, Address(y)))
        {
            (int line, int term) = form == MatmulForm.Map ? (w.RowStride, 1) : (1, w.RowStride);
            PlainProduct(op, new(Address(x), x.RowStride, 1), new(Address(w), line, term), default, y, x.Columns, accumulates: false);
        }
    }

    private void PlainProduct(string op, PlainOperand left, PlainOperand right, CUdeviceptr bias, Tensor y, int terms, bool accumulates)
    {
        int blocksOfColumns = Blocks(y.Columns, PlainMatmulKernel.Tile);
        Require(
            blocksOfColumns <= MaxGridExtent, op, $"result {y.Shape} has more columns than a grid holds ({MaxGridExtent * PlainMatmulKernel.Tile})");
        KernelParameters parameters = new(stackalloc byte[128]);
        left.AddTo(ref parameters);
        right.AddTo(ref parameters);
        parameters.Add(bias);
        parameters.Add(Address(y));
        parameters.Add(y.RowStride);
        parameters.Add(y.Rows);
        parameters.Add(y.Columns);
        parameters.Add(terms);
        parameters.Add(y.DType == StorageType ? 0 : 1);
        parameters.Add(accumulates ? 1 : 0);
        Launch(PlainMatmulKernel.Template, new LaunchSize(Blocks(y.Rows, PlainMatmulKernel.Tile), blocksOfColumns), parameters.Packed);
    }

    // Elements from one row of the result (left) or column (right) to the next, and from one term of the sums to the next.
    private readonly record struct PlainOperand(CUdeviceptr Address, int Line, int Term)
    {
        public void AddTo(ref KernelParameters parameters)
        {
            parameters.Add(Address);
            parameters.Add(Line);
            parameters.Add(Term);
        }
    }

    /// <summary>y = act(x + bias); y may be x.</summary>
    internal void BiasActivation(Tensor x, Tensor bias, Tensor y, Activation activation)
    {
        KernelParameters parameters = new(stackalloc byte[64]);
        parameters.Add(Address(x));
        parameters.Add(x.RowStride);
        parameters.Add(Address(bias));
        parameters.Add(Address(y));
        parameters.Add(y.RowStride);
        parameters.Add(y.Columns);
        parameters.Add(DeviceActivation.NumberOf(activation));
        bool isFast = y.Columns % Float8.Count == 0 && Alignment16.Holds(x, bias, y);
        Launch(isFast ? BiasActivationKernel.Fast : BiasActivationKernel.Plain, new LaunchSize(y.Rows), parameters.Packed);
    }
}
