using L2c.Testing;

namespace L2c.Kernels.Tests;

public sealed class ConditioningBackwardTests
{
    // B, C, rows of the table: smallest; DiT-S; awkward, with more images than labels.
    private static readonly int[][] _shapes = [[1, 1, 1], [8, 384, 1001], [13, 101, 4]];

    // Smallest; DiT-XL's width, labels that meet; primes.
    private static readonly int[][] _shapesOfCuda = [[1, 1, 4], [9, 1152, 4], [5, 101, 4]];

    public static TheoryData<string, int[]> Cases =>
        [.. DeviceCases.Of(DeviceCases.Cpu, _shapes), .. DeviceCases.Of(DeviceCases.Stored, _shapesOfCuda)];

    [Theory]
    [MemberData(nameof(Cases))]
    public void Gradients_are_as_accurate_as_naive_arithmetic_in_the_same_storage(string device, int[] shape)
    {
        using Bench bench = Bench.Open(device);
        (int images, int channels, int rows) = (shape[0], shape[1], shape[2]);
        float[] dSilu = bench.Round(RandomData.Normal(seed: 171, images * channels)), c = bench.Round(RandomData.Normal(seed: 172, dSilu.Length, deviation: 3));
        int[] labels = RandomData.Integers(seed: 173, images, Math.Max(1, rows - 1));
        (double[] exactTime, double[] exactTable) = Reference.ConditioningBackward<double>(dSilu, c, labels, rows);
        (float[] naiveTime, float[] naiveTable) = Reference.ConditioningBackward<float>(dSilu, c, labels, rows);
        Tensor onLabels = bench.Put(labels), dTime = bench.Take(images, 2 * channels).SliceColumns(channels, channels), dTable = bench.TakeState(rows, channels);
        Tensor onD = bench.PutMisaligned(dSilu, images, channels), onC = bench.Put(c, images, channels);
        bench.Device.ConditioningBackward(onD, onC, onLabels, dTime, dTable);
        Tolerance.TimesNaive(2).Check(bench.Get(dTime), exactTime, bench.Round(naiveTime));
        Tolerance.TimesNaive(2).Check(bench.Get(dTable), exactTable, naiveTable);
        if (rows > 1)
        {
            Assert.All(bench.Get(dTable)[^channels..], value => Assert.Equal(0, value)); // a label that does not occur

            // Planted fault: labels one further.
            bench.Device.Upload(onLabels, Array.ConvertAll(labels, label => label + 1));
            bench.Device.ConditioningBackward(onD, onC, onLabels, dTime, dTable);
            Tolerance.TimesNaive(2).MustReject(bench.Get(dTable), exactTable, naiveTable);
        }

        // Planted faults: SiLU already applied; the two exchanged.
        bench.Device.ConditioningBackward(onD, onD, onLabels, dTime, dTable);
        Tolerance.TimesNaive(2).MustReject(bench.Get(dTime), exactTime, bench.Round(naiveTime));
        bench.Device.ConditioningBackward(onC, onD, onLabels, dTime, dTable);
        Tolerance.TimesNaive(2).MustReject(bench.Get(dTime), exactTime, bench.Round(naiveTime));
    }

    [Fact]
    public void A_label_outside_the_table_is_refused()
    {
        using var bench = new Workbench(nameof(InstructionSet.Portable));
        Tensor d = bench.Put([1, 2], 2, 1), table = bench.Take(3, 1), labels = bench.Put([0, 3]);
        var refusal = Assert.Throws<InvalidOperationException>(() => bench.Device.ConditioningBackward(d, d, labels, d, table));
        Assert.Equal("ConditioningBackward: label 3 is outside the table [3, 1]", refusal.Message);
    }
}
