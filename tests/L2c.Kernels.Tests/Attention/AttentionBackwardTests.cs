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
        AttentionBackwardCase data = new(bench, shape);
        data.Check(data.Run());
        float[] dy = [.. data.Dy];
        dy[^1] += 0.01f;
        data.MustReject(new AttentionBackwardCase(bench, shape) { Dy = dy }.Run());
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
                AttentionBackwardCase data = new(bench, [1, tokens, 2, width]);
                data.Check(data.Run());
            }
        }
    }

    [Theory]
    [MemberData(nameof(Sets))]
    public void Large_scores_do_not_overflow(string set)
    {
        using var bench = new Workbench(set);
        AttentionBackwardCase data = new(bench, [1, 20, 1, 8], deviation: 100);
        data.Check(data.Run());
    }
}
