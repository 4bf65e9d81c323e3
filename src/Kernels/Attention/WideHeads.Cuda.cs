using L2c.Kernels.Cuda;
using L2c.Native;

namespace L2c.Kernels;

// Attention with heads that no kernel holds, as an autoencoder has one of 512: two products, with the scores of some queries in scratch memory. Part
// of an op that has begun.
public sealed unsafe partial class CudaDevice
{
    private void AttentionByProducts(Tensor qkv, Tensor y, int heads)
    {
        const string Op = nameof(Attention);
        const cublasComputeType_t Exact = cublasComputeType_t.CUBLAS_COMPUTE_32F; // also where maps take tf32, as the kernels' arithmetic
        int tokens = y.Shape[1], channels = y.Columns, width = channels / heads, size = StorageType.Size();
        int pitch = Multiple(tokens, ElementsPerStep), rows = RowsAtATime(tokens, (long)pitch * (sizeof(float) + size));
        long scoreBytes = (long)rows * pitch * sizeof(float);
        CUdeviceptr scratch = Scratch(Op, scoreBytes + ((long)rows * pitch * size));
        for (int image = 0; image < y.Shape[0]; image++)
        {
            Tensor tokensOfImage = qkv.SliceRows(image * tokens, tokens), results = y.SliceRows(image * tokens, tokens);
            for (int head = 0; head < heads; head++)
            {
                Tensor keys = tokensOfImage.SliceColumns(channels + (head * width), width);
                Tensor values = tokensOfImage.SliceColumns((2 * channels) + (head * width), width);
                for (int first = 0; first < tokens; first += rows)
                {
                    int count = Math.Min(rows, tokens - first);
                    Tensor scores = new((nint)scratch.Value, new Shape(count, tokens), DType.F32, this, pitch);
                    Tensor weights = new((nint)scratch.Value + (nint)scoreBytes, scores.Shape, StorageType, this, pitch);
                    Product(Op, tokensOfImage.SliceRows(first, count).SliceColumns(head * width, width), keys, scores, MatmulForm.Map, Exact);
                    Softmax(scores, weights, width);
                    Product(Op, weights, values, results.SliceRows(first, count).SliceColumns(head * width, width), MatmulForm.InputGradient, Exact);
                }
            }
        }
    }

    private void Softmax(Tensor scores, Tensor weights, int width)
    {
        KernelParameters parameters = new(stackalloc byte[64]);
        parameters.Add(Address(scores));
        parameters.Add(Address(weights));
        parameters.Add(scores.RowStride);
        parameters.Add(scores.Columns);
        parameters.Add((float)(Math.Log2(Math.E) / Math.Sqrt(width)));
        Launch(SoftmaxKernel.Template, new LaunchSize(scores.Rows), parameters.Packed);
    }
}
