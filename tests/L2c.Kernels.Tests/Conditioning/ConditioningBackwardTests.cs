using L2c.Testing;

namespace L2c.Kernels.Tests;

public sealed class ConditioningBackwardTests
{
    // B, C, rows of the table: smallest; DiT-S; awkward, with more images than labels.
    private static readonly int[][] _shapes = [[1, 1, 1], [8, 384, 1001], [13, 101, 4]];

    public static MatrixTheoryData<string, int[]> Cases => new(Workbench.Sets, _shapes);

    [Theory]
    [MemberData(nameof(Cases))]
    public void Gradients_are_as_accurate_as_naive_fp32(string set, int[] shape)
    {
        using var bench = new Workbench(set);
        int batch = shape[0], channels = shape[1], rows = shape[2];
        float[] d = RandomData.Normal(seed: 171, batch * channels), values = RandomData.Normal(seed: 172, batch * channels, deviation: 3);
        int[] labels = RandomData.Integers(seed: 173, batch, rows);
        (double[] exactTime, double[] exactTable) = Reference.ConditioningBackward<double>(d, values, labels, rows);
        (float[] naiveTime, float[] naiveTable) = Reference.ConditioningBackward<float>(d, values, labels, rows);
        Tensor dSilu = bench.Put(d, batch, channels), c = bench.Put(values, batch, channels);
        Tensor dTime = bench.Take(batch, 2 * channels).SliceColumns(channels, channels), dTable = bench.Take(rows, channels);
        bench.Device.ConditioningBackward(dSilu, c, bench.Put(labels), dTime, dTable);
        Tolerance.TimesNaive(2).Check(bench.Get(dTime), exactTime, naiveTime);
        Tolerance.TimesNaive(2).Check(bench.Get(dTable), exactTable, naiveTable);

        // Planted faults: SiLU already applied; labels one further.
        bench.Device.ConditioningBackward(dSilu, dSilu, bench.Put(labels), dTime, dTable);
        Tolerance.TimesNaive(2).MustReject(bench.Get(dTime), exactTime, naiveTime);
        if (rows > 1)
        {
            bench.Device.ConditioningBackward(dSilu, c, bench.Put(Array.ConvertAll(labels, l => (l + 1) % rows)), dTime, dTable);
            Tolerance.TimesNaive(2).MustReject(bench.Get(dTable), exactTable, naiveTable);
        }
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
