using L2c.Testing;

namespace L2c.Kernels.Tests;

/// <summary>Random queries, keys, values and gradients of a storage type, the exact result, and the result of code that stores every
/// intermediate.</summary>
internal sealed class AttentionBackwardCase
{
    private readonly Bench _bench;
    private readonly int[] _shape;

    /// <param name="bench">The device, whose storage type the values have.</param>
    /// <param name="shape">B, T, H, D.</param>
    /// <param name="deviation">Of queries, keys and values.</param>
    public AttentionBackwardCase(Bench bench, int[] shape, double deviation = 1)
    {
        (_bench, _shape) = (bench, shape);
        int size = shape[0] * Tokens * Channels;
        Qkv = bench.Round(RandomData.Normal(seed: 181, 3 * size, deviation));
        Dy = bench.Round(RandomData.Normal(seed: 182, size));
    }

    public float[] Qkv { get; init; }

    public float[] Dy { get; init; }

    private int Tokens => _shape[1];

    private int Heads => _shape[2];

    private int Width => _shape[3];

    private int Channels => Heads * Width;

    /// <summary>dQkv from the device.</summary>
    public float[] Run()
    {
        Tensor dQkv = _bench.Take(_shape[0], Tokens, 3 * Channels);
        Enqueue(dQkv);
        return _bench.Get(dQkv);
    }

    /// <summary>Each gradient by itself: dv is larger than the others and would hide their errors.</summary>
    public void Check(float[] actual) => ForEach((exact, naive, part) => Tolerance.TimesNaive(2).Check(Part(actual, part), exact, naive));

    /// <summary>As <see cref="Check"/>, for a result with a planted fault. With one token dq and dk are 0 whatever comes in.</summary>
    public void MustReject(float[] faulty) => ForEach((exact, naive, part) =>
    {
        if (Tokens > 1 || part == 2)
        {
            Tolerance.TimesNaive(2).MustReject(Part(faulty, part), exact, naive);
        }
    });

    private void Enqueue(Tensor dQkv)
    {
        Tensor qkv = _bench.Put(Qkv, _shape[0], Tokens, 3 * Channels);
        _bench.Device.AttentionBackward(qkv, _bench.Put(Dy, _shape[0], Tokens, Channels), dQkv, Heads);
    }

    private void ForEach(Action<double[], float[], int> check)
    {
        double[] exact = Reference.AttentionBackward<double>(Qkv, Dy, Tokens, Heads, Width);
        float[] naive = _bench.Device.StorageType == DType.F32 ? Reference.AttentionBackward<float>(Qkv, Dy, Tokens, Heads, Width) : Stored();
        for (int part = 0; part < 3; part++)
        {
            check(Part(exact, part), Part(naive, part), part);
        }
    }

    // dq, dk or dv of all rows.
    private T[] Part<T>(T[] dQkv, int part) =>
        [.. dQkv.Chunk(3 * Channels).SelectMany(row => row[(part * Channels)..((part + 1) * Channels)])];

    // What the published code does in half precision: scores, weights, their gradients and the results are tensors of the storage type, sums fp32.
    private float[] Stored()
    {
        float[] dQkv = new float[Qkv.Length];
        for (int row = 0; row < Dy.Length / Channels; row++)
        {
            for (int h = 0; h < Heads; h++)
            {
                int first = row / Tokens * Tokens;
                float[] scores = new float[Tokens], slopes = new float[Tokens];
                for (int s = 0; s < Tokens; s++)
                {
                    for (int d = 0; d < Width; d++)
                    {
                        scores[s] += Qkv[At(row, 0, h, d)] * Qkv[At(first + s, 1, h, d)];
                        slopes[s] += Slope(row, h, d) * Qkv[At(first + s, 2, h, d)];
                    }
                }

                float[] weights = _bench.Round(Reference.Softmax(_bench.Round(Array.ConvertAll(_bench.Round(scores), s => s / MathF.Sqrt(Width)))));
                slopes = _bench.Round(slopes);
                float mean = weights.Zip(slopes, (weight, slope) => weight * slope).Sum();
                slopes = _bench.Round([.. weights.Zip(slopes, (weight, slope) => weight * (slope - mean))]);
                slopes = _bench.Round(Array.ConvertAll(slopes, slope => slope / MathF.Sqrt(Width)));
                for (int s = 0; s < Tokens; s++)
                {
                    for (int d = 0; d < Width; d++)
                    {
                        dQkv[At(row, 0, h, d)] += slopes[s] * Qkv[At(first + s, 1, h, d)];
                        dQkv[At(first + s, 1, h, d)] += slopes[s] * Qkv[At(row, 0, h, d)];
                        dQkv[At(first + s, 2, h, d)] += weights[s] * Slope(row, h, d);
                    }
                }
            }
        }

        return _bench.Round(dQkv);

        int At(int row, int part, int h, int d) => (((row * 3) + part) * Heads + h) * Width + d;

        float Slope(int row, int h, int d) => Dy[(row * Heads + h) * Width + d];
    }
}
