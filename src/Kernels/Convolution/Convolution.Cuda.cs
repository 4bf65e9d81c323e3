using L2c.Kernels.Cuda;
using L2c.Native;

namespace L2c.Kernels;

public sealed unsafe partial class CudaDevice
{
    // A multiple of this many rows, so that parts begin as aligned as the whole; rows of scratch begin at multiples of 8 elements.
    private const int RowsPerStep = 64;
    private const int ElementsPerStep = 8;

    /// <inheritdoc/>
    /// <remarks>Gathered rows in scratch memory, some at a time, and a product: docs/cuda.md says why.</remarks>
    protected override void ConvolutionCore(
        Tensor x, Matrix weight, Tensor bias, Tensor y, Window window, Activation activation, bool accumulates)
    {
        const string Op = nameof(Convolution);
        RequireType(Op, StorageType, x, bias, y);
        RequireOwn(Op, weight);
        int size = StorageType.Size(), pitch = Multiple(weight.Inputs, ElementsPerStep);
        long m = y.Rows, n = weight.Outputs, k = weight.Inputs;
        BeginOp(Op, flops: 2 * m * n * k, bytes: (x.Shape.Count + (n * k) + (m * n * (accumulates ? 2 : 1))) * size);
        if (HasFewOutputs(x, weight, window))
        {
            ConvolveByTaps(x, weight, bias, y, window, activation, accumulates);
            return;
        }

        int rows = RowsAtATime(y.Rows, (long)pitch * size);
        CUdeviceptr scratch = Scratch(Op, (long)rows * pitch * size);
        for (int first = 0; first < y.Rows; first += rows)
        {
            int count = Math.Min(rows, y.Rows - first);
            Tensor gathered = new((nint)scratch.Value, new Shape(count, weight.Inputs), StorageType, this, pitch);
            GatherWindows(x, gathered, new GatheredRows(
                first, count, y.Shape[1], y.Shape[2], window.Width, window.Stride, factor: 1, window.Top, window.Left));
            Product(Op, gathered, weight, bias, y.SliceRows(first, count), activation, accumulates);
        }
    }

    // Part of an op that has begun: y is [R,K] with K a multiple of C.
    private void GatherWindows(Tensor x, Tensor y, in GatheredRows rows)
    {
        int size = StorageType.Size();
        bool isFast = (long)x.Columns * size % 16 == 0 && Alignment16.Holds(x, y);
        int unit = isFast ? 16 : 2;
        KernelParameters parameters = new(stackalloc byte[128]);
        parameters.Add(Address(x));
        parameters.Add(checked(x.RowStride * size) / unit);
        parameters.Add(x.Shape[1]);
        parameters.Add(x.Shape[2]);
        parameters.Add(x.Columns * size / unit);
        parameters.Add(Address(y));
        parameters.Add(checked(y.RowStride * size) / unit);
        parameters.Add(checked(y.Columns * size) / unit);
        parameters.AddNumbers(rows);
        Launch(
            isFast ? WindowGatherKernel.Fast : WindowGatherKernel.Plain,
            new LaunchSize(Blocks(y.Rows, WindowGatherKernel.Rows)),
            parameters.Packed);
    }

    // Rows in parts of about equal size, each within the scratch memory that an op may take.
    private int RowsAtATime(int rows, long bytesPerRow)
    {
        int most = (int)Math.Clamp(Options.PartBytes / bytesPerRow / RowsPerStep * RowsPerStep, RowsPerStep, int.MaxValue - RowsPerStep);
        return rows <= most ? rows : Math.Min(most, Multiple(Blocks(rows, Blocks(rows, most)), RowsPerStep));
    }

    private static int Multiple(int count, int of) => checked((count + of - 1) / of * of);
}
