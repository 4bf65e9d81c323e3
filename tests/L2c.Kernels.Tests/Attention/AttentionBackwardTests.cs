namespace L2c.Kernels.Tests;

public sealed class AttentionBackwardTests
{
    private static readonly string[] _halves = [nameof(CudaPrecision.F16), nameof(CudaPrecision.BF16)];
    private static readonly string[] _singles = [nameof(CudaPrecision.F32), nameof(CudaPrecision.TF32)];

    // B, T, H, D: smallest; DiT-XL's head width with fewer tokens and heads; primes, with more queries than one block; a long
    // head, whose blocks are smaller.
    private static readonly int[][] _shapes = [[1, 1, 1, 1], [1, 128, 2, 72], [2, 53, 3, 37], [1, 530, 1, 5]];

    // The flash form: smallest; DiT-XL's head width with whole tiles, and with a tail; U-ViT's two more tokens; primes; widest.
    private static readonly int[][] _flashShapes =
        [[1, 1, 1, 32], [1, 64, 2, 72], [1, 80, 2, 72], [1, 130, 1, 64], [2, 67, 3, 32], [1, 37, 1, 96], [1, 258, 1, 72]];

    // The plain form: smallest; more tokens than a tile and a tail; primes; wide.
    private static readonly int[][] _plainShapes = [[1, 1, 1, 1], [1, 66, 1, 24], [2, 37, 3, 19], [1, 19, 1, 160]];

    public static TheoryData<string, int[]> Cases =>
    [
        .. DeviceCases.Of(DeviceCases.Cpu, _shapes),
        .. DeviceCases.Of(_halves, _flashShapes),
        .. DeviceCases.Of(DeviceCases.Stored, _plainShapes),
        .. DeviceCases.Of<int[]>(_singles, [[1, 48, 2, 72]]),
        .. DeviceCases.Of<int[]>(["F16"], [[1, 19, 2, 80]]),
    ];

    // Tokens and head widths of which every pair is computed.
    public static TheoryData<string, int[], int[]> Remainders =>
    [
        .. DeviceCases.Of<int[], int[]>(
            DeviceCases.Cpu, [[1, 2, 3, 4, 7, 8, 9, 13, 24, 25, 31, 48, 49, 64, 97]], [[1, 3, 4, 8, 13, 16, 17, 47, 49, 64]]),
        .. DeviceCases.Of<int[], int[]>(["F32"], [[2, 3, 4, 5, 15, 16, 17, 31, 32, 33]], [[1, 2, 31, 32, 33]]),
        .. DeviceCases.Of<int[], int[]>(["BF16"], [[2, 7, 8, 9, 15, 16, 17, 31, 33, 63, 64, 65, 127, 128, 129]], [[32]]),
    ];

    public static TheoryData<string, int[], double> LargeScores =>
    [
        .. DeviceCases.Of<int[], double>([.. DeviceCases.Cpu, "F32"], [[1, 20, 1, 8]], [100]),
        .. DeviceCases.Of<int[], double>(["F16"], [[1, 20, 1, 32]], [10]),
    ];

    [Theory]
    [MemberData(nameof(Cases))]
    public void Gradients_are_as_accurate_as_code_that_stores_every_intermediate(string device, int[] shape)
    {
        using Bench bench = Bench.Open(device);
        AttentionBackwardCase data = new(bench, shape);
        data.Check(data.Run());

        // Planted faults: another gradient; where digits suffice, one element of it off by a little.
        float[] reversed = [.. data.Dy.Reverse()], nearly = [.. data.Dy];
        nearly[^1] += 0.01f;
        data.MustReject(new AttentionBackwardCase(bench, shape) { Dy = reversed.Length > 1 ? reversed : [reversed[0] + 1] }.Run());
        if (bench.Device.StorageType == DType.F32)
        {
            data.MustReject(new AttentionBackwardCase(bench, shape) { Dy = nearly }.Run());
        }
    }

    [Theory]
    [MemberData(nameof(Remainders))]
    public void Every_remainder_of_tokens_and_width_is_computed(string device, int[] tokens, int[] widths)
    {
        using Bench bench = Bench.Open(device);
        foreach ((int count, int width) in from count in tokens from width in widths select (count, width))
        {
            AttentionBackwardCase data = new(bench, [1, count, 2, width]);
            data.Check(data.Run());
        }
    }

    [Theory]
    [MemberData(nameof(LargeScores))]
    public void Large_scores_do_not_overflow(string device, int[] shape, double deviation)
    {
        using Bench bench = Bench.Open(device);
        AttentionBackwardCase data = new(bench, shape, deviation);
        data.Check(data.Run());
    }
}
