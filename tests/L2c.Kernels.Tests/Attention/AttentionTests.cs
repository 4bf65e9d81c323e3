using L2c.Testing;

namespace L2c.Kernels.Tests;

public sealed class AttentionTests
{
    // B, T, H, D: smallest; DiT-XL's head width with fewer tokens and heads; U-ViT's two more tokens; primes; a long head, whose blocks are smaller.
    private static readonly int[][] _shapes = [[1, 1, 1, 1], [1, 128, 2, 72], [1, 258, 1, 72], [2, 53, 3, 37], [1, 530, 1, 5]];

    public static MatrixTheoryData<string, int[]> Cases => new(Workbench.Sets, _shapes);

    public static TheoryData<string> SetsOnly => [.. Workbench.Sets];

    [Theory]
    [MemberData(nameof(Cases))]
    public void Attention_is_as_accurate_as_naive_fp32(string set, int[] shape)
    {
        using var bench = new Workbench(set);
        (int batch, int tokens, int heads, int width) = (shape[0], shape[1], shape[2], shape[3]);
        float[] qkv = RandomData.Normal(seed: 51, batch * tokens * 3 * heads * width);
        double[] exact = Reference.Attention<double>(qkv, tokens, heads, width);
        float[] naive = Reference.Attention<float>(qkv, tokens, heads, width);
        Tolerance.TimesNaive(2).Check(Run(bench, qkv, batch, tokens, heads, width), exact, naive);
        if (tokens > 1)
        {
            Tolerance.TimesNaive(2).MustReject(Reference.Attention<float>(qkv, tokens, heads, width, scale: 1.0 / width), exact, naive);
            Tolerance.TimesNaive(2).MustReject(Run(bench, Swapped(qkv, heads * width), batch, tokens, heads, width), exact, naive);
        }
    }

    [Theory]
    [MemberData(nameof(SetsOnly))]
    public void Every_remainder_of_tokens_and_width_is_computed(string set)
    {
        using var bench = new Workbench(set);
        foreach (int tokens in (int[])[1, 2, 3, 4, 7, 8, 9, 12, 13, 24, 25, 31, 47, 48, 49, 64, 97])
        {
            foreach (int width in (int[])[1, 3, 4, 8, 12, 13, 16, 17, 47, 48, 49, 64])
            {
                float[] qkv = RandomData.Normal(seed: tokens * 100 + width, tokens * 3 * 2 * width);
                Tolerance.TimesNaive(2).Check(
                    Run(bench, qkv, 1, tokens, 2, width), Reference.Attention<double>(qkv, tokens, 2, width), Reference.Attention<float>(qkv, tokens, 2, width));
            }
        }
    }

    [Theory]
    [MemberData(nameof(SetsOnly))]
    public void Large_scores_do_not_overflow(string set)
    {
        using var bench = new Workbench(set);
        float[] qkv = RandomData.Normal(seed: 52, 20 * 3 * 8, deviation: 100);
        Tolerance.TimesNaive(2).Check(Run(bench, qkv, 1, 20, 1, 8), Reference.Attention<double>(qkv, 20, 1, 8), Reference.Attention<float>(qkv, 20, 1, 8));
    }

    private static float[] Run(Workbench bench, float[] qkv, int batch, int tokens, int heads, int width)
    {
        Tensor y = bench.Take(batch, tokens, heads * width);
        bench.Device.Attention(bench.Put(qkv, batch, tokens, 3 * heads * width), y, heads);
        return bench.Get(y);
    }

    // Planted fault: q and k change places.
    private static float[] Swapped(float[] qkv, int channels) =>
        [.. qkv.Chunk(3 * channels).SelectMany(row => (float[])[.. row[channels..(2 * channels)], .. row[..channels], .. row[(2 * channels)..]])];
}
