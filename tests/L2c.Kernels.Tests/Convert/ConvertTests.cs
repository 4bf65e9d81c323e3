using L2c.Testing;

namespace L2c.Kernels.Tests;

/// <summary>Outputs that are kept in bfloat16: written by <see cref="Device.Convert"/>, read by <see cref="Device.ResidualNorm"/>.</summary>
public sealed class ConvertTests
{
    // Smallest; the demo model's width and more than a tile; primes; the fast level of CUDA ends within a block.
    private static readonly int[][] _shapes = [[1, 1, 1], [4, 64, 128], [3, 7, 37], [1, 3, 264]];

    // B, T, C: smallest with a variance; primes; more rows than a block; one lane of the second chunk; DiT-XL's width; the widest of the fast level.
    private static readonly int[][] _streams = [[1, 1, 2], [3, 7, 101], [1, 5, 384], [3, 1, 264], [2, 2, 1152], [1, 2, 2048]];

    // Single sources; one branch of several; whole branches over more than one pass.
    private static readonly int[][] _branches = [[1, 1], [3], [4, 1, 3, 5]];

    private static string[] Devices => [.. DeviceCases.Cpu, nameof(CudaPrecision.F32)];

    public static TheoryData<string, int[]> Cases => [.. DeviceCases.Of(Devices, _shapes)];

    public static TheoryData<string, int[], int[]> Sums => [.. DeviceCases.Of(Devices, _streams, _branches)];

    [Theory]
    [MemberData(nameof(Cases))]
    public void Values_are_the_nearest_ties_to_even(string device, int[] shape)
    {
        using Bench bench = Bench.Open(device);
        float[] x = Values(shape[0] * shape[1] * shape[2]), y = bench.Get(bench.PutConverted(x, shape));
        Assert.Equal(Array.ConvertAll(x, value => Reference.BFloat16(value)), y);

        // Cut off instead of rounded, and ties away from zero.
        Assert.NotEqual(Array.ConvertAll(x, value => Reference.BFloat16(value, MidpointRounding.ToZero)), y);
        if (x.Length > 8)
        {
            Assert.NotEqual(Array.ConvertAll(x, value => Reference.BFloat16(value, MidpointRounding.AwayFromZero)), y);
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Nothing_behind_the_last_row_is_written(string device, int[] shape)
    {
        using Bench bench = Bench.Open(device);
        int[] more = [shape[0], shape[1] + 1, shape[2]];
        Tensor whole = bench.PutConverted(new float[more[0] * more[1] * more[2]], more);
        int count = shape[0] * shape[1] * shape[2];
        Tensor part = whole with { Shape = new Shape(shape), RowStride = shape[2] };
        bench.Device.Convert(bench.PutState(Values(count), shape), part);
        float[] all = bench.Get(whole);
        Assert.Equal(Array.ConvertAll(Values(count), value => Reference.BFloat16(value)), all[..count]);
        Assert.All(all[count..], value => Assert.Equal(0, value));
    }

    [Theory]
    [MemberData(nameof(Sums))]
    public void A_stream_adds_kept_sources_of_either_type_with_the_bits_of_fp32(string device, int[] shape, int[] branches)
    {
        using Bench bench = Bench.Open(device);
        ResidualBranchCase data = new(shape, branches, values => Array.ConvertAll(values, value => Reference.BFloat16(value)));
        ResidualTerm[] plain = data.Put(bench);
        ResidualTerm[] mixed =
            [.. plain.Select((term, i) => i % 3 == 1 ? term : term with { Source = bench.PutConverted(bench.Get(term.Source), shape) })];
        data.CheckAccuracy(bench, mixed);
        Tensor x = bench.Put(data.X, shape), expected = bench.Take(shape), sum = bench.Take(shape);
        bench.Device.ResidualNorm(x, plain, expected, Norm.None, default);
        bench.Device.ResidualNorm(x, mixed, sum, Norm.None, default);
        Assert.Equal(bench.Get(expected), bench.Get(sum));

        // Its neighbour's values, and its own with three bits fewer.
        float[] own = bench.Get(plain[0].Source);
        float[] fewerBits = Array.ConvertAll(own, value => BitConverter.UInt32BitsToSingle(BitConverter.SingleToUInt32Bits(value) & 0xFFF80000));
        foreach (float[] fault in (float[][])[[.. own.Skip(1), 1], fewerBits])
        {
            bench.Device.ResidualNorm(x, [mixed[0] with { Source = bench.PutConverted(fault, shape) }, .. mixed[1..]], sum, Norm.None, default);
            Tolerance.TimesNaive(2).MustReject(bench.Get(sum), data.Sum<double>(), data.Sum<float>());
        }
    }

    [Theory]
    [MemberData(nameof(DeviceCases.OneOfEach), MemberType = typeof(DeviceCases))]
    public void Kept_sources_count_half_in_the_bytes(string device)
    {
        using Bench bench = Bench.Open(device);
        Tensor x = bench.Take(2, 3, 8), kept = bench.TakeConverted(2, 3, 8);
        IReadOnlyList<OpInfo> ops = bench.Device.List(() =>
        {
            bench.Device.Convert(x, kept);
            bench.Device.ResidualNorm(x, [new(kept), new(x)], x, Norm.None, default);
        });
        Assert.Equal([nameof(Device.Convert), nameof(Device.ResidualNorm)], ops.Select(op => op.Name));
        Assert.Equal([48 * (4 + 2), 48 * (4 + 2 + 4 + 4)], ops.Select(op => op.Bytes));
    }

    // Ordinary ones, among them ties to either side, the largest, what rounds beyond it, subnormals, and a NaN whose kept half is that of infinity.
    private static float[] Values(int count)
    {
        float[] values = RandomData.Normal(seed: 7, count);
        float[] special =
        [
            1.00390625f, 1.01171875f, float.MaxValue, -float.MaxValue, 3.3895314e38f, 1e-40f, -1.2e-38f, 0f, -0f, float.PositiveInfinity,
            BitConverter.UInt32BitsToSingle(0x7F800001), float.NaN,
        ];
        if (count > special.Length)
        {
            special.CopyTo(values.AsSpan(count - special.Length));
        }
        else
        {
            values[0] = 1.01171875f;
        }

        return values;
    }
}
