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
        int tokens = y.Shape[1], channels = y.Columns, width = channels / heads, size = StorageType.Size();
        int pitch = Multiple(tokens, ElementsPerStep), rows = RowsAtATime(tokens, (long)pitch * (sizeof(float) + size));
        long scoreBytes = (long)rows * pitch * sizeof(float);
        CUdeviceptr scratch = Scratch(Op, scoreBytes + ((long)rows * pitch * size));
        for (int image = 0; image < y.Shape[0]; image++)
        {
            Tensor tokensOfImage = qkv.SliceRows(image * tokens, tokens), results = y.SliceRows(image * tokens, tokens);
            for (int head = 0; head < heads; head++)
            {
                Tensor keys = tokensOfImage.SliceColumns(channels + (head * width), width), values = keys with { Address = keys.Address + (nint)((long)channels * size) };
                for (int first = 0; first < tokens; first += rows)
                {
                    int count = Math.Min(rows, tokens - first);
                    Tensor scores = new((nint)scratch.Value, new Shape(count, tokens), DType.F32, this, pitch);
                    Tensor weights = new((nint)scratch.Value + (nint)scoreBytes, scores.Shape, StorageType, this, pitch);
                    AttentionProduct(tokensOfImage.SliceRows(first, count).SliceColumns(head * width, width), keys, scores, MatmulForm.Map);
                    Softmax(scores, weights, width);
                    AttentionProduct(weights, values, results.SliceRows(first, count).SliceColumns(head * width, width), MatmulForm.InputGradient);
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

    // y = x w' or x w, in fp32 arithmetic also where maps take tf32: scores decide.
    private void AttentionProduct(Tensor x, Tensor w, Tensor y, MatmulForm form)
    {
        var shape = new MatmulShape(
            x.Rows,
            y.Columns,
            x.Columns,
            x.RowStride,
            y.RowStride,
            StorageType,
            cublasComputeType_t.CUBLAS_COMPUTE_32F,
            MatmulEpilogue.None,
            MatmulShape.AlignmentOf(Address(x)),
            MatmulShape.AlignmentOf(Address(w)),
            MatmulShape.AlignmentOf(Address(y)),
            form,
            w.RowStride,
            StoresFloats: y.DType == DType.F32);
        if (!TryMatmul(nameof(Attention), shape, Address(x), Address(w), default, Address(y)))
        {
            (int line, int term) = form == MatmulForm.Map ? (w.RowStride, 1) : (1, w.RowStride);
            PlainProduct(
                nameof(Attention), new(Address(x), x.RowStride, 1), new(Address(w), line, term), default, y, x.Columns, accumulates: false);
        }
    }
}
