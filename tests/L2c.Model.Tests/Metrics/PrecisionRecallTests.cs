using L2c.Model.Metrics;
using L2c.Testing;

namespace L2c.Model.Tests.Metrics;

public class PrecisionRecallTests
{
    [Fact]
    public void Points_on_a_line_are_counted_by_hand()
    {
        // Radii of the reference with one neighbour: 1, 1, 4 (squared distances); of the samples: 144, 9, 9.
        FeatureRows reference = Rows("data", 0, 1, 3), samples = Rows("samples", -10, 2, 5);
        PrecisionRecall found = PrecisionRecall.Of(samples, reference, new PrecisionRecallOptions { Neighbours = 1 });
        Assert.Equal([1, 1, 4], found.ReferenceRadii);
        Assert.Equal([144, 9, 9], found.SampleRadii);
        Assert.Equal([false, true, true], found.SamplesCovered); // 2 on the sphere about 1, 5 on that about 3
        Assert.Equal([true, true, true], found.ReferenceCovered);
        Assert.Equal((2 / 3.0, 1), (found.Precision, found.Recall));
    }

    [Theory]
    [InlineData(4, 4, 1)] // the smallest
    [InlineData(900, 700, 64)] // more than a tile of rows
    [InlineData(37, 4500, 3)] // more than a tile of columns
    public void Decisions_are_those_of_the_definition(int samples, int references, int dimension)
    {
        // Whole numbers: every distance is exact.
        FeatureRows sample = Whole("samples", 1, samples, dimension), reference = Whole("data", 2, references, dimension);
        PrecisionRecall found = PrecisionRecall.Of(sample, reference);
        long[] ofSamples = Radii(sample), ofReference = Radii(reference);
        Assert.Equal(ofSamples, found.SampleRadii.Select(radius => (long)radius));
        Assert.Equal(ofReference, found.ReferenceRadii.Select(radius => (long)radius));
        Assert.Equal(Covered(sample, reference, ofReference), found.SamplesCovered);
        Assert.Equal(Covered(reference, sample, ofSamples), found.ReferenceCovered);
        PrecisionRecallOptions half = new() { Threads = 1, HalfPrecision = true, HalfBlock = 300 };
        PrecisionRecall again = PrecisionRecall.Of(sample, reference, half);
        Assert.Equal(found.SamplesCovered, again.SamplesCovered); // binary16 holds whole numbers to 2048
        Assert.Equal(found.ReferenceCovered, again.ReferenceCovered);
    }

    [Fact]
    public void Progress_comes_to_its_end_and_a_cancelled_task_ends()
    {
        FeatureRows rows = Whole("samples", 3, 600, 4);
        List<double> shares = [];
        _ = PrecisionRecall.Of(rows, rows, progress: shares.Add);
        Assert.Equal(1, shares[^1], 1e-12);
        Assert.Equal(shares.Order(), shares);
        Assert.ThrowsAny<OperationCanceledException>(() => PrecisionRecall.Of(rows, rows, cancel: new CancellationToken(canceled: true)));
    }

    [Fact]
    public void Progress_counts_blocks_beyond_binary16_once()
    {
        // Distances of the last vector leave binary16: between the sets only the second tile of rows shows it.
        FeatureRows samples = Whole("samples", 3, 600, 4);
        float[] values = Whole("data", 4, 600, 4).Values.ToArray();
        values[^1] = 300;
        List<double> shares = [];
        PrecisionRecall found = PrecisionRecall.Of(
            samples, new FeatureRows("data", values, 4), new PrecisionRecallOptions { HalfPrecision = true }, shares.Add);
        Assert.Equal((1, 3), found.HalfBlocks);
        Assert.Equal(1, shares[^1], 1e-12);
        Assert.Equal(shares.Order().Distinct(), shares);
    }

    [Fact]
    public void What_has_no_distances_is_refused_by_set_and_row()
    {
        FeatureRows good = Whole("data", 4, 10, 3);
        Assert.Contains("few: 3 images have no 3 neighbours", Refusal(Whole("few", 5, 3, 3)));
        Assert.Contains("wide has 4 features of an image, and data has 3", Refusal(Whole("wide", 5, 10, 4)));
        foreach (float bad in (float[])[float.NaN, float.PositiveInfinity, 3e38f])
        {
            float[] values = good.Values.ToArray();
            values[16] = bad;
            string message = Refusal(new FeatureRows("bad", values, 3));
            Assert.StartsWith("bad: row 5 of the features", message);
            Assert.DoesNotContain('\n', message);
        }

        string Refusal(FeatureRows samples) => Assert.Throws<ArgumentException>(() => PrecisionRecall.Of(samples, good)).Message;
    }

    [Fact]
    public void Rounding_to_binary16_is_that_of_the_runtime()
    {
        float[] edges =
        [
            0, -0f, 65504, 65519.996f, 65520, 1e9f, 6.1e-5f, 6.103515625e-5f, 2.98e-8f, 2.9802322e-8f, 5.96e-8f, 1.5f * 5.9604645e-8f,
            1.00048828125f, 1.0014648f,
        ];
        IEnumerable<float> random = RandomData.Normal(9, 4000).Select((value, i) => value * MathF.ScaleB(1, (i % 44) - 26));
        float[] values = [.. edges, .. edges.Select(edge => -edge), .. random];
        for (int i = 0; i + 8 <= values.Length; i += 8)
        {
            var rounded = HalfRounding.Round(System.Runtime.Intrinsics.Vector256.Create(values, i));
            for (int lane = 0; lane < 8; lane++)
            {
                Assert.Equal((float)(Half)values[i + lane], rounded[lane]);
            }
        }
    }

    private static FeatureRows Rows(string name, params float[] values) => new(name, values, 1);

    private static FeatureRows Whole(string name, int seed, int count, int dimension) =>
        new(name, RandomData.Integers(seed, count * dimension, 4).Select(value => (float)value).ToArray(), dimension);

    private static long[] Radii(FeatureRows set) => [.. Enumerable.Range(0, set.Count).Select(row =>
        Enumerable.Range(0, set.Count).Select(other => Distance(set, row, set, other)).Order().ElementAt(3))];

    private static bool[] Covered(FeatureRows set, FeatureRows by, long[] radii) => [.. Enumerable.Range(0, set.Count).Select(row =>
        Enumerable.Range(0, by.Count).Any(other => Distance(set, row, by, other) <= radii[other]))];

    private static long Distance(FeatureRows one, int row, FeatureRows other, int column)
    {
        ReadOnlySpan<float> a = one.Slice(row, 1), b = other.Slice(column, 1);
        long sum = 0;
        for (int i = 0; i < a.Length; i++)
        {
            long difference = (long)a[i] - (long)b[i];
            sum += difference * difference;
        }

        return sum;
    }
}
