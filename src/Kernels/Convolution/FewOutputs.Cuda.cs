using L2c.Kernels.Cuda;
using L2c.Native;

namespace L2c.Kernels;

// A convolution to few outputs, as the one to an image's colours: every pixel times every tap of every output is one product over x as it lies, since
// the weight [O, (h,w,C)] is also [(O,h,w), C]; the taps are added up afterwards. Part of an op that has begun.
public sealed unsafe partial class CudaDevice
{
    private const int MostFewOutputs = 16;

    // Whether that moves fewer bytes than gathered rows do.
    private static bool HasFewOutputs(Tensor x, Matrix weight, Window window) =>
        weight.Outputs <= MostFewOutputs && window.Stride == 1 && !weight.IsTransposed && !weight.IsSlice
        && (2L * window.Pixels * weight.Outputs * sizeof(float)) + (x.Columns * x.DType.Size()) < 2L * window.Pixels * x.Columns * x.DType.Size();

    private void ConvolveByTaps(Tensor x, Matrix weight, Tensor bias, Tensor y, Window window, Activation activation, bool accumulates)
    {
        int height = x.Shape[1], width = x.Shape[2], outputHeight = y.Shape[1], outputWidth = y.Shape[2];
        int products = weight.Outputs * window.Pixels, pitch = Multiple(products, ElementsPerStep);
        long lineBytes = (long)width * pitch * sizeof(float);

        // Lines that fit, less those that the first and the last window see beyond their own.
        int most = (int)Math.Clamp((Options.PartBytes / lineBytes) - window.Height + 1, 1, outputHeight);
        int lines = Blocks(outputHeight, Blocks(outputHeight, most)), seen = Math.Min(lines + window.Height - 1, height);
        CUdeviceptr scratch = Scratch(nameof(Convolution), seen * lineBytes);
        Tensor taps = new(weight.Address, new Shape(products, x.Columns), StorageType, this, x.Columns);
        for (int image = 0; image < x.Shape[0]; image++)
        {
            for (int line = 0; line < outputHeight; line += lines)
            {
                int count = Math.Min(lines, outputHeight - line);
                int first = Math.Max(line - window.Top, 0), end = Math.Min(line + count - 1 + window.Height - window.Top, height);
                Tensor sums = new((nint)scratch.Value, new Shape((end - first) * width, products), DType.F32, this, pitch);
                Tensor seenPixels = x.SliceRows(((image * height) + first) * width, sums.Rows);
                Product(nameof(Convolution), seenPixels, taps, sums, MatmulForm.Map, Precision.ComputeType());
                Tensor outputs = y.SliceRows(((image * outputHeight) + line) * outputWidth, count * outputWidth);
                AddTaps(sums, first, height, width, bias, outputs, line, outputWidth, window, activation, accumulates);
            }
        }
    }

    private void AddTaps(
        Tensor sums,
        int firstLine,
        int height,
        int width,
        Tensor bias,
        Tensor y,
        int firstOutput,
        int outputWidth,
        Window window,
        Activation activation,
        bool accumulates)
    {
        int count = RequireInt32(nameof(Convolution), y);
        KernelParameters parameters = new(stackalloc byte[128]);
        parameters.Add(Address(sums));
        parameters.Add(sums.RowStride);
        parameters.Add(firstLine);
        parameters.Add(height);
        parameters.Add(width);
        parameters.Add(Address(bias));
        parameters.Add(Address(y));
        parameters.Add(y.RowStride);
        parameters.Add(firstOutput);
        parameters.Add(count);
        parameters.Add(outputWidth);
        parameters.Add(y.Columns);
        parameters.Add(window.Height);
        parameters.Add(window.Width);
        parameters.Add(window.Top);
        parameters.Add(window.Left);
        parameters.Add((int)activation);
        parameters.Add(accumulates ? 1 : 0);
        Launch(TapSumKernel.Template, BlocksOf(count, TapSumKernel.Threads), parameters.Packed);
    }
}
