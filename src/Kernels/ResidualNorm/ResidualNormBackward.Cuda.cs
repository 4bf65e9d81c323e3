using L2c.Kernels.Cuda;
using L2c.Native;

namespace L2c.Kernels;

public sealed unsafe partial class CudaDevice
{
    /// <inheritdoc/>
    /// <remarks>With dScale and dShift statistics of the rows come first, then the sums down the columns, then dxOut, which may overwrite
    /// dy.</remarks>
    protected override void NormBackwardCore(Tensor x, Norm norm, Tensor dy, Tensor dxIn, Tensor dxOut, Tensor dScale, Tensor dShift)
    {
        const string Op = nameof(NormBackward);
        RequireType(Op, StorageType, x, norm.Scale, dy, dxIn, dxOut, dScale, dShift);
        bool isModulated = norm.Kind == NormKind.Modulated;
        int images = isModulated ? x.Shape[0] : 1;
        RequireImages(Op, images);
        int passes = (dScale.IsNone ? 0 : 3) + (dxOut.IsNone ? 0 : 3) + (dxIn.IsNone ? 0 : 1);
        BeginOp(Op, flops: 0, bytes: passes * x.Shape.Count * StorageType.Size());
        if (!dScale.IsNone)
        {
            CUdeviceptr statistics = Scratch(Op, x.Rows * 2L * sizeof(float));
            LaunchNormRows(x, norm, default, default, default, statistics);
            KernelParameters parameters = new(stackalloc byte[128]);
            parameters.Add(Address(x));
            parameters.Add(Address(dy));
            parameters.Add(statistics);
            parameters.Add(Address(dScale));
            parameters.Add(dScale.RowStride);
            parameters.Add(Address(dShift));
            parameters.Add(dShift.RowStride);
            parameters.Add(x.Rows / images);
            parameters.Add(x.Columns);
            Launch(NormColumnsKernel.Template, new LaunchSize(Blocks(x.Columns, ColumnBlock.Columns), images), parameters.Packed);
        }

        if (!dxOut.IsNone)
        {
            LaunchNormRows(x, norm, dy, dxIn, dxOut, default);
        }
    }

    private void LaunchNormRows(Tensor x, Norm norm, Tensor dy, Tensor dxIn, Tensor dxOut, CUdeviceptr statistics)
    {
        bool isModulated = norm.Kind == NormKind.Modulated;
        KernelParameters parameters = new(stackalloc byte[128]);
        parameters.Add(Address(x));
        parameters.Add(Address(norm.Scale));
        parameters.Add(isModulated ? norm.Scale.RowStride : 0);
        parameters.Add(isModulated ? norm.Scale.Rows - 1 : 0);
        parameters.Add(isModulated ? 1f : 0f);
        parameters.Add(norm.Epsilon);
        parameters.Add(Address(dy));
        parameters.Add(Address(dxIn));
        parameters.Add(Address(dxOut));
        parameters.Add(statistics);
        parameters.Add(x.Rows);
        parameters.Add(x.Shape[1]);
        parameters.Add(x.Columns);
        bool isFast = x.Columns % Float8.Count == 0 && Alignment16.Holds(x, norm.Scale, dy, dxIn, dxOut);
        Launch(
            isFast ? NormBackwardKernel.Fast : NormBackwardKernel.Plain,
            new LaunchSize(Blocks(x.Rows, NormBackwardKernel.RowsPerBlock)),
            parameters.Packed);
    }

    private static void RequireImages(string op, int images) =>
        Require(images <= MaxGridExtent, op, $"{images} images (at most {MaxGridExtent})");
}
