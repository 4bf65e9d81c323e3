using L2c.Model.Metrics.Inception;
using L2c.Testing;

namespace L2c.Engine.Tests.Metrics;

public sealed class FeatureSetTests
{
    private static readonly int _length = InceptionFeatures.All.Length();

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    [InlineData(float.NegativeInfinity)]
    public void A_value_that_is_not_finite_is_refused_with_its_set_and_row(float value)
    {
        FeatureSet set = new("samples.npz", 3, statistics: false, score: false, rows: true, threads: 1);
        float[] rows = RandomData.Normal(1, 3 * _length);
        rows[(2 * _length) + 4500] = value;
        IOException thrown = Assert.Throws<IOException>(() => set.Add(rows));
        Assert.StartsWith("samples.npz: row 2 of the features, counted from 0, has a value that is not finite", thrown.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Memory_is_counted_before_it_is_taken()
    {
        const int Images = 1 << 17;
        long before = GC.GetAllocatedBytesForCurrentThread();
        FeatureSet set = new("set", Images, statistics: true, score: true, rows: true, threads: 1);
        Assert.Equal((8 * ((2048 * 2048) + (2023 * 2023))) + (Images * 2048L * 4), set.Bytes);
        Assert.False(set.IsEmpty);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1 << 16);
    }

    [Fact]
    public void Each_metric_gets_its_part_of_a_row()
    {
        float[] rows = RandomData.Normal(2, 2 * _length, 1, 5);
        FeatureSet set = new("set", 2, statistics: true, score: true, rows: true, threads: 1);
        set.Add(rows.AsSpan(0, _length));
        set.Add(rows.AsSpan(_length));
        float[][] both = [.. rows.Chunk(_length)];
        Assert.Equal(both.SelectMany(row => row[..2048]), set.Rows!.Values.ToArray());
        Assert.Equal((both[0][2047] + (double)both[1][2047]) / 2, set.Pool!.Mean()[2047], 6);
        Assert.Equal((both[0][2048] + (double)both[1][2048]) / 2, set.Spatial!.Mean()[0], 6);
        Assert.Equal(2, set.Spatial.Count);
        Assert.True(set.Score!.Result().Score > 1);
        Assert.Equal((8 * ((2048 * 2048) + (2023 * 2023))) + (2 * 2048 * 4), set.Bytes);
        Assert.True(new FeatureSet("none", 0, statistics: false, score: false, rows: false, threads: 1).IsEmpty);
    }
}
