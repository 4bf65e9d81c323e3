using L2c.Testing;

namespace L2c.Kernels.Tests;

public sealed class AttentionBackwardTests
{
    // B, T, H, D: smallest; DiT-XL's head width with fewer tokens and heads; primes, with more queries than one block; a long
    // head, whose blocks are smaller.
    private static readonly int[][] _shapes = [[1, 1, 1, 1], [1, 128, 2, 72], [2, 53, 3, 37], [1, 530, 1, 5]];

    public static MatrixTheoryData<string, int[]> Cases => new(Workbench.Sets, _shapes);

    public static TheoryData<string> Sets => [.. Workbench.Sets];

    [Theory]
    [MemberData(nameof(Cases))]
    public void Gradients_are_as_accurate_as_naive_fp32(string set, int[] shape)
    {
        using var bench = new Workbench(set);
        (int batch, int tokens, int heads, int width) = (shape[0], shape[1], shape[2], shape[3]);
        Case data = new(batch, tokens, heads, width);
        float[] actual = data.Run(bench);
        double[] exact = Reference.AttentionBackward<double>(data.Qkv, data.Dy, tokens, heads, width);
        float[] naive = Reference.AttentionBackward<float>(data.Qkv, data.Dy, tokens, heads, width);
        int channels = heads * width;
        for (int part = 0; part < 3; part++)
        {
            // Each gradient by itself: dv is larger than the others and would hide their errors.
            Tolerance.TimesNaive(2).Check(Part(actual, part, channels), Part(exact, part, channels), Part(naive, part, channels));
        }

        float[] dy = [.. data.Dy];
        dy[^1] += 0.01f;
        float[] faulty = new Case(batch, tokens, heads, width) { Dy = dy }.Run(bench);
        for (int part = tokens > 1 ? 0 : 2; part < 3; part++)
        {
            Tolerance.TimesNaive(2).MustReject(Part(faulty, part, channels), Part(exact, part, channels), Part(naive, part, channels));
        }
    }

    [Theory]
    [MemberData(nameof(Sets))]
    public void Every_remainder_of_tokens_and_width_is_computed(string set)
    {
        using var bench = new Workbench(set);
        foreach (int tokens in (int[])[1, 2, 3, 4, 7, 8, 9, 13, 24, 25, 31, 48, 49, 64, 97])
        {
            foreach (int width in (int[])[1, 3, 4, 8, 13, 16, 17, 47, 49, 64])
            {
                Case data = new(1, tokens, 2, width);
                Tolerance.TimesNaive(2).Check(
                    data.Run(bench),
                    Reference.AttentionBackward<double>(data.Qkv, data.Dy, tokens, 2, width),
                    Reference.AttentionBackward<float>(data.Qkv, data.Dy, tokens, 2, width));
            }
        }
    }

    [Theory]
    [MemberData(nameof(Sets))]
    public void Large_scores_do_not_overflow(string set)
    {
        using var bench = new Workbench(set);
        Case data = new(1, 20, 1, 8, deviation: 100);
        Tolerance.TimesNaive(2).Check(
            data.Run(bench),
            Reference.AttentionBackward<double>(data.Qkv, data.Dy, 20, 1, 8),
            Reference.AttentionBackward<float>(data.Qkv, data.Dy, 20, 1, 8));
    }

    // dq, dk or dv of all rows.
    private static T[] Part<T>(T[] dQkv, int part, int channels) =>
        [.. dQkv.Chunk(3 * channels).SelectMany(row => row[(part * channels)..((part + 1) * channels)])];

    private sealed class Case(int batch, int tokens, int heads, int width, double deviation = 1)
    {
        public float[] Qkv { get; } = RandomData.Normal(seed: 55, batch * tokens * 3 * heads * width, deviation);

        public float[] Dy { get; init; } = RandomData.Normal(seed: 56, batch * tokens * heads * width);

        public float[] Run(Workbench bench)
        {
            int channels = heads * width;
            Tensor qkv = bench.Put(Qkv, batch, tokens, 3 * channels), dQkv = bench.Take(batch, tokens, 3 * channels);
            bench.Device.AttentionBackward(qkv, bench.Put(Dy, batch, tokens, channels), dQkv, heads);
            return bench.Get(dQkv);
        }
    }
}
