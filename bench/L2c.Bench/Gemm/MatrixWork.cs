using L2c.Kernels;

namespace L2c.Bench.Gemm;

/// <summary>One op that is bound by multiply-adds, recorded on operands of its own.</summary>
internal sealed class MatrixWork : IDisposable
{
    private readonly Arena _arena;
    private readonly OpSequence _recorded;

    private MatrixWork(Arena arena, OpSequence recorded) => (_arena, _recorded) = (arena, recorded);

    /// <summary>Floating-point operations of one run, two per multiply-add.</summary>
    public long Flops => _recorded.Ops.Sum(op => op.Flops);

    /// <summary>y = act(x W^T + b) for x [m, k] and y [m, n].</summary>
    public static MatrixWork Linear(CpuDevice device, int m, int n, int k, Activation activation)
    {
        (Arena arena, (Tensor x, Matrix weight, Tensor bias, Tensor y)) =
            Arena.Carve(device, "gemm", a => (a.Take(m, k), a.TakeMatrix(n, k), a.Take(n), a.Take(m, n)));
        device.Upload(x, Values(m * k));
        device.WriteMatrix(weight, 0, Values(n * k));
        device.Upload(bias, Values(n));
        return new MatrixWork(arena, device.Capture(() => device.Linear(x, weight, bias, y, activation)));
    }

    /// <summary>Convolution with a bias for x of a shape [B,H,W,C].</summary>
    public static MatrixWork Convolution(CpuDevice device, Shape shape, int outputs, Window window)
    {
        int inputs = window.Pixels * shape[3], height = window.OutputHeight(shape[1]), width = window.OutputWidth(shape[2]);
        (Arena arena, (Tensor x, Matrix weight, Tensor bias, Tensor y)) = Arena.Carve(device, "convolution", a => (
            a.Take(shape[0], shape[1], shape[2], shape[3]), a.TakeMatrix(outputs, inputs), a.Take(outputs),
            a.Take(shape[0], height, width, outputs)));
        device.Upload(x, Values((int)shape.Count));
        device.WriteMatrix(weight, 0, Values(outputs * inputs));
        device.Upload(bias, Values(outputs));
        return new MatrixWork(arena, device.Capture(() => device.Convolution(x, weight, bias, y, window)));
    }

    /// <summary>softmax(q k^T / sqrt(D)) v for tokens of a batch, width = heads x D.</summary>
    public static MatrixWork Attention(CpuDevice device, int batch, int tokens, int width, int heads)
    {
        (Arena arena, (Tensor qkv, Tensor y)) =
            Arena.Carve(device, "attention", a => (a.Take(batch, tokens, 3 * width), a.Take(batch, tokens, width)));
        device.Upload(qkv, Values(batch * tokens * 3 * width));
        return new MatrixWork(arena, device.Capture(() => device.Attention(qkv, y, heads)));
    }

    /// <summary>dx = dy W for dy [m, n] and a weight [n, k].</summary>
    public static MatrixWork InputGradient(CpuDevice device, int m, int n, int k)
    {
        (Arena arena, (Tensor dy, Matrix transposed, Tensor dx)) =
            Arena.Carve(device, "gemm", a => (a.Take(m, n), a.TakeTransposed(a.TakeMatrix(n, k)), a.Take(m, k)));
        device.Upload(dy, Values(m * n));
        device.WriteTransposed(transposed, 0, Values(n * k));
        return new MatrixWork(arena, device.Capture(() => device.Linear(dy, transposed, default, dx)));
    }

    /// <summary>dW = dy^T x for dy [m, n] and x [m, k].</summary>
    public static MatrixWork WeightGradient(CpuDevice device, int m, int n, int k)
    {
        (Arena arena, (Tensor dy, Tensor x, Tensor dWeight)) = Arena.Carve(device, "gemm", a => (a.Take(m, n), a.Take(m, k), a.Take(n, k)));
        device.Upload(dy, Values(m * n));
        device.Upload(x, Values(m * k));
        return new MatrixWork(arena, device.Capture(() => device.LinearWeightGradient(dy, x, dWeight)));
    }

    /// <summary>The gradient of <see cref="Attention"/>.</summary>
    public static MatrixWork AttentionBackward(CpuDevice device, int batch, int tokens, int width, int heads)
    {
        (Arena arena, (Tensor qkv, Tensor dy, Tensor dQkv)) = Arena.Carve(device, "attention", a =>
            (a.Take(batch, tokens, 3 * width), a.Take(batch, tokens, width), a.Take(batch, tokens, 3 * width)));
        device.Upload(qkv, Values(batch * tokens * 3 * width));
        device.Upload(dy, Values(batch * tokens * width));
        return new MatrixWork(arena, device.Capture(() => device.AttentionBackward(qkv, dy, dQkv, heads)));
    }

    /// <summary>One run.</summary>
    public void Run() => _recorded.Run();

    /// <summary>Frees the operands.</summary>
    public void Dispose()
    {
        _recorded.Dispose();
        _arena.Dispose();
    }

    // Ordinary magnitudes of either sign: neither subnormals nor infinities, whose arithmetic some cores do more slowly.
    private static float[] Values(int count)
    {
        Random random = new(1);
        float[] values = new float[count];
        for (int i = 0; i < count; i++)
        {
            values[i] = (2 * random.NextSingle()) - 1;
        }

        return values;
    }
}
