using L2c.Kernels.Cuda;
using L2c.Testing;

namespace L2c.Kernels.Tests;

/// <summary>Random queries, keys and values of a storage type, the exact result, and the result of code that stores every intermediate.</summary>
internal sealed class AttentionCase
{
    private AttentionCase(AttentionCase of, float[] qkv)
    {
        (Type, Batch, Tokens, Heads, Width) = (of.Type, of.Batch, of.Tokens, of.Heads, of.Width);
        (Qkv, Exact, Naive) = (qkv, of.Exact, of.Naive);
    }

    public AttentionCase(DType type, int batch, int tokens, int heads, int width, double deviation = 1)
    {
        (Type, Batch, Tokens, Heads, Width) = (type, batch, tokens, heads, width);
        Qkv = Round(RandomData.Normal(seed: 61, batch * tokens * 3 * heads * width, deviation));
        Exact = Reference.Attention<double>(Qkv, tokens, heads, width);
        Naive = type == DType.F32 ? Reference.Attention<float>(Qkv, tokens, heads, width) : Stored();
    }

    public DType Type { get; }

    public int Batch { get; }

    public int Tokens { get; }

    public int Heads { get; }

    public int Width { get; }

    public int Channels => Heads * Width;

    /// <summary>[B,T,3,H,D], each value one of the storage type.</summary>
    public float[] Qkv { get; }

    public double[] Exact { get; }

    public float[] Naive { get; }

    /// <summary>y from a device.</summary>
    /// <param name="bench">The device, of the case's storage type.</param>
    public float[] Run(Bench bench)
    {
        Tensor y = bench.Take(Batch, Tokens, Channels);
        bench.Device.Attention(bench.Put(Qkv, Batch, Tokens, 3 * Channels), y, Heads);
        return bench.Get(y);
    }

    public void Check(float[] actual) => Tolerance.TimesNaive(2).Check(actual, Exact, Naive);

    public void MustReject(float[] faulty) => Tolerance.TimesNaive(2).MustReject(faulty, Exact, Naive);

    /// <summary>The planted fault: other inputs for the same results.</summary>
    public AttentionCase WithQueriesAndKeysSwapped() => new(
        this,
        [.. Qkv.Chunk(3 * Channels).SelectMany(row => (float[])[.. row[Channels..(2 * Channels)], .. row[..Channels], .. row[(2 * Channels)..]])]);

    // What the published code does in half precision: scores, scaled scores, weights and output are tensors of the storage type, sums are fp32.
    private float[] Stored()
    {
        float[] y = new float[Batch * Tokens * Channels];
        for (int row = 0; row < Batch * Tokens; row++)
        {
            for (int h = 0; h < Heads; h++)
            {
                float[] scores = new float[Tokens];
                for (int s = 0; s < Tokens; s++)
                {
                    float sum = 0;
                    for (int d = 0; d < Width; d++)
                    {
                        sum += At(row, 0, h, d) * At(Key(row, s), 1, h, d);
                    }

                    scores[s] = sum;
                }

                float[] weights = Round(Reference.Softmax(Round(Array.ConvertAll(Round(scores), s => s / MathF.Sqrt(Width)))));
                for (int d = 0; d < Width; d++)
                {
                    float sum = 0;
                    for (int s = 0; s < Tokens; s++)
                    {
                        sum += weights[s] * At(Key(row, s), 2, h, d);
                    }

                    y[(row * Heads + h) * Width + d] = sum;
                }
            }
        }

        return Round(y);

        int Key(int row, int s) => row / Tokens * Tokens + s;

        float At(int row, int part, int h, int d) => Qkv[((row * 3 + part) * Heads + h) * Width + d];
    }

    private unsafe float[] Round(float[] values)
    {
        byte[] stored = new byte[values.Length * Type.Size()];
        float[] rounded = new float[values.Length];
        fixed (byte* at = stored)
        {
            HostConversion.FromFloats(Type, values, at);
            HostConversion.ToFloats(Type, at, rounded);
        }

        return rounded;
    }
}
