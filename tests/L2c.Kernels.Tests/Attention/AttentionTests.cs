using L2c.Testing;

namespace L2c.Kernels.Tests;

public sealed class AttentionTests
{
    private static readonly string[] _halves = [nameof(CudaPrecision.F16), nameof(CudaPrecision.BF16)];
    private static readonly string[] _singles = [nameof(CudaPrecision.F32), nameof(CudaPrecision.TF32)];

    // B, T, H, D: smallest; DiT-XL's head width with fewer tokens and heads; U-ViT's two more tokens; primes; a long head, whose blocks are smaller;
    // the one head of a decoder on few tokens.
    private static readonly int[][] _shapes =
        [[1, 1, 1, 1], [1, 128, 2, 72], [1, 258, 1, 72], [2, 53, 3, 37], [1, 530, 1, 5], [2, 35, 1, 512]];

    // That of a picture of 256 pixels, whose reference takes its time.
    private static readonly int[] _decoder = [1, 1024, 1, 512];

    // The flash form: smallest; DiT-XL's head width, whole tiles, and most queries that the last block takes on; U-ViT's two more tokens; one query
    // too many for that; primes; widest.
    private static readonly int[][] _flashShapes =
        [[1, 1, 1, 8], [1, 64, 2, 72], [1, 80, 2, 72], [1, 130, 1, 64], [1, 81, 1, 72], [2, 67, 3, 40], [1, 67, 1, 128]];

    // The plain form: smallest; primes; wide.
    private static readonly int[][] _plainShapes = [[1, 1, 1, 1], [2, 53, 3, 37], [1, 33, 1, 256]];

    public static TheoryData<string, int[]> Cases =>
    [
        .. DeviceCases.Of(DeviceCases.Cpu, _shapes),
        .. DeviceCases.Of<int[]>([InstructionSets.Best.ToString()], [_decoder]),
        .. DeviceCases.Of(_halves, _flashShapes),
        .. DeviceCases.Of(DeviceCases.Stored, _plainShapes),
        .. DeviceCases.Of<int[]>(_singles, [[1, 80, 2, 72]]),
    ];

    // Tokens and head widths of which every pair is computed.
    public static TheoryData<string, int[], int[]> Remainders =>
    [
        .. DeviceCases.Of<int[], int[]>(
            DeviceCases.Cpu,
            [[1, 2, 3, 4, 7, 8, 9, 12, 13, 24, 25, 31, 47, 48, 49, 64, 97]],
            [[1, 3, 4, 8, 12, 13, 16, 17, 47, 48, 49, 64]]),
        .. DeviceCases.Of<int[], int[]>(["BF16"], [[2, 7, 8, 9, 15, 16, 17, 31, 33, 48, 63, 65, 127, 128, 129]], [[24]]),
        .. DeviceCases.Of<int[], int[]>(["F16"], [[19]], [.. Enumerable.Range(1, 16).Select(i => new[] { 8 * i })]),
    ];

    public static TheoryData<string, int[], double> LargeScores =>
    [
        .. DeviceCases.Of<int[], double>([.. DeviceCases.Cpu, "F32"], [[1, 70, 1, 16]], [100]),
        .. DeviceCases.Of<int[], double>(["F16"], [[1, 70, 1, 16]], [20]),
    ];

    [Theory]
    [MemberData(nameof(Cases))]
    public void Attention_is_as_accurate_as_code_that_stores_every_intermediate(string device, int[] shape)
    {
        using Bench bench = Bench.Open(device);
        AttentionCase data = new(bench.Device.StorageType, shape[0], shape[1], shape[2], shape[3]);
        data.Check(data.Run(bench));
        if (data.Tokens > 1)
        {
            data.MustReject(Reference.Attention<float>(data.Qkv, data.Tokens, data.Heads, data.Width, scale: 1.0 / data.Width));
            data.MustReject(data.WithQueriesAndKeysSwapped().Run(bench));
        }
    }

    [Theory]
    [MemberData(nameof(Remainders))]
    public void Every_remainder_of_tokens_and_width_is_computed(string device, int[] tokens, int[] widths)
    {
        using Bench bench = Bench.Open(device);
        foreach ((int count, int width) in from count in tokens from width in widths select (count, width))
        {
            AttentionCase data = new(bench.Device.StorageType, 1, count, 2, width);
            data.Check(data.Run(bench));
        }
    }

    [Theory]
    [MemberData(nameof(LargeScores))]
    public void Large_scores_do_not_overflow(string device, int[] shape, double deviation)
    {
        using Bench bench = Bench.Open(device);
        AttentionCase data = new(bench.Device.StorageType, shape[0], shape[1], shape[2], shape[3], deviation);
        data.Check(data.Run(bench));
    }
}
