using L2c.Testing;

namespace L2c.Kernels.Tests;

public sealed class ConditioningTests
{
    // Evaluations, labels, C: smallest; DiT-XL's width; primes over more than one tile.
    private static readonly int[][] _shapes = [[1, 1, 1], [2, 4, 1152], [5, 3, 101]];

    // The same on CUDA, with fewer labels.
    private static readonly int[][] _shapesOfCuda = [[1, 1, 1], [2, 2, 1152], [5, 3, 101]];

    public static TheoryData<string, int[]> Cases =>
        [.. DeviceCases.Of(DeviceCases.Cpu, _shapes), .. DeviceCases.Of(DeviceCases.Stored, _shapesOfCuda)];

    [Theory]
    [MemberData(nameof(Cases))]
    public void Conditioning_is_as_accurate_as_naive_arithmetic_in_the_same_storage(string device, int[] shape)
    {
        using Bench bench = Bench.Open(device);
        (int evaluations, int images, int channels) = (shape[0], shape[1], shape[2]);
        const int Classes = 11;
        int rows = evaluations * images;
        float[] time = bench.Round(RandomData.Normal(seed: 101, evaluations * channels));
        float[] table = bench.Round(RandomData.Normal(seed: 102, Classes * channels));
        int[] labels = RandomData.Integers(seed: 103, images, Classes);
        double[] exact = Array.ConvertAll(Reference.Conditioning<double>(time, table, labels, rows, channels), Reference.Silu);
        float[] sum = Reference.Conditioning<float>(time, table, labels, rows, channels), naive = bench.Round(Array.ConvertAll(sum, Reference.Silu));
        Tensor c = bench.Take(rows, channels), silu = bench.Take(rows, channels), alone = bench.Take(rows, channels);
        Tensor onTime = bench.Put(time, evaluations, channels), onTable = bench.Put(table, Classes, channels), onLabels = bench.Put(labels);
        bench.Device.Conditioning(onTime, onTable, onLabels, c, silu);
        bench.Device.Conditioning(onTime, onTable, onLabels, default, alone);
        Assert.Equal(bench.Round(sum), bench.Get(c)); // one addition, one rounding: nothing to differ in
        Tolerance.TimesNaive(2).Check(bench.Get(silu), exact, naive);
        Assert.Equal(bench.Get(silu), bench.Get(alone));

        bench.Device.Upload(onLabels, Array.ConvertAll(labels, label => (label + 1) % Classes));
        bench.Device.Conditioning(onTime, onTable, onLabels, c, silu);
        Tolerance.TimesNaive(2).MustReject(bench.Get(silu), exact, naive);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void A_label_outside_the_table_is_refused_and_not_read(int threads)
    {
        using var bench = new Workbench(nameof(InstructionSet.Portable), threads);
        float[] row = [1, 2];
        Tensor time = bench.Put(row, 1, 2), silu = bench.Take(40, 2), table = bench.Put([1, 2, 3, 4, 5, 6], 3, 2);
        Tensor labels = bench.Put([.. Enumerable.Repeat(0, 39), 3]);
        InvalidOperationException refusal = Assert.Throws<InvalidOperationException>(() => bench.Device.Conditioning(time, table, labels, default, silu));
        Assert.Equal("Conditioning: label 3 is outside the table [3, 2]", refusal.Message);
    }
}
