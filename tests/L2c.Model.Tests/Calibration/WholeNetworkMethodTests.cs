using L2c.Model.Caching;
using L2c.Model.Calibration;

namespace L2c.Model.Tests.Calibration;

/// <summary>TeaCache, MagCache and EasyCache: what they measure against double precision, decisions against the published control flow.</summary>
public sealed class WholeNetworkMethodTests
{
    private static readonly Figures.Batch[] _batches = [new(3, 2), new(40, 1)];

    [Fact]
    public void TeaCache_measures_changes_relative_to_the_evaluation_before_over_all_images()
    {
        CalibrationTable table = Figures.Measure(new TeaCache(), new CalibrationSettings(), _batches);
        double[] inputs = [.. Changes(batch => s => batch.Normed[s])], outputs = [.. Changes(batch => batch.Noise)];
        Figures.Near(inputs, table.Figures["input"]);
        Figures.Near(outputs, table.Figures["output"]);

        // Of all but the last, seven points and five coefficients: what is left over is orthogonal to every power.
        double[] left = [.. outputs[..^1].Zip(inputs, (y, x) => y - TeaCache.At(table.Figures["polynomial"], x))];
        Assert.All(Enumerable.Range(0, 5), power => Assert.InRange(left.Zip(inputs, (rest, x) => rest * Math.Pow(x, power)).Sum(), -1e-9, 1e-9));
        Assert.True(left.Max(Math.Abs) > 1e-6);

        static IEnumerable<double> Changes(Func<Figures.Batch, Func<int, IEnumerable<float>>> of) =>
            Enumerable.Range(1, Figures.Steps - 1).Select(s =>
                _batches.Sum(batch => Figures.Change(of(batch)(s), of(batch)(s - 1))) / _batches.Sum(batch => Figures.Magnitude(of(batch)(s - 1))));
    }

    [Theory]
    [InlineData(0.3, "10010011")] // 0.1 + 0.1 < 0.3, with the third 0.3 is reached; the jump at 6 reaches it once more; the last is computed
    [InlineData(0.05, "11111111")]
    [InlineData(9, "10000001")]
    public void TeaCache_adds_estimates_up_to_the_threshold(double delta, string expected)
    {
        // The polynomial is x / 2.
        var table = new CalibrationTable("teacache", "m", "s", 8, 4, 1, new Dictionary<string, double[]>
        {
            ["input"] = [0.2, 0.2, 0.25, 0.2, 0.2, 0.4, 0.2],
            ["polynomial"] = [0, 0, 0, 0.5, 0],
        });
        Assert.Equal(expected, Rows(new TeaCache().Decide(table, delta, new CalibrationSettings())));
    }

    [Fact]
    public void A_polynomial_is_found_again_and_open_terms_are_zero()
    {
        double[] polynomial = [498.651651, -283.781631, 55.8554382, -3.82021401, 0.264230861];
        double[] x = [.. Enumerable.Range(0, 19).Select(i => 0.01 + (0.02 * i))];
        Figures.Near(polynomial, PolynomialFit.LeastSquares(x, [.. x.Select(at => TeaCache.At(polynomial, at))], 5));
        double[] onePlace = PolynomialFit.LeastSquares([0.5, 0.5, 0.5], [1, 2, 3], 2);
        Assert.Equal(2, TeaCache.At(onePlace, 0.5), 12);
        Assert.Empty(PolynomialFit.LeastSquares([], [], 0));
    }

    [Fact]
    public void MagCache_measures_how_the_norm_of_what_is_added_changes()
    {
        CalibrationTable table = Figures.Measure(new MagCache(), new CalibrationSettings(), _batches);
        int channels = Figures.Architecture.HiddenSize;
        Figures.Near(
            Enumerable.Range(1, Figures.Steps - 1).Select(s =>
                _batches.SelectMany(batch => Norms(batch, s).Zip(Norms(batch, s - 1), (now, then) => now / then)).Average()),
            table.Figures["ratio"]);

        IEnumerable<double> Norms(Figures.Batch batch, int s) => batch.After[s].Zip(batch.Before[s], (after, before) => (double)after - before)
            .Chunk(channels).Select(token => Math.Sqrt(token.Sum(value => value * value)));
    }

    [Theory]
    [InlineData(0.24, 5, 0.1, "1000010000")] // 1 - 0.98^n adds up to 0.02, 0.06, 0.12, 0.19, 0.29
    [InlineData(0.24, 2, 0.1, "1001001001")]
    [InlineData(0.24, 5, 0.35, "1111000010")] // 3.5 rounds up
    [InlineData(0.24, 5, 0, "1000010000")]
    [InlineData(0.01, 5, 0.1, "1111111111")]
    public void MagCache_skips_while_the_error_and_the_run_allow(double delta, int skips, double retention, string expected)
    {
        var table = new CalibrationTable(
            "magcache", "m", "s", 10, 4, 1, new Dictionary<string, double[]> { ["ratio"] = [.. Enumerable.Repeat(0.98, 9)] });
        var settings = new CalibrationSettings { MaxSkips = skips, Retention = retention };
        Assert.Equal(expected, Rows(new MagCache().Decide(table, delta, settings)));
    }

    [Fact]
    public void MagCache_is_not_disturbed_by_tokens_to_which_nothing_is_added()
    {
        ICalibrationMeter meter = new MagCache().Measure(Figures.Architecture, 2, new CalibrationSettings());
        float[] stream = new float[2 * Figures.Architecture.HiddenSize];
        for (int e = 0; e < 2; e++)
        {
            meter.StreamBefore(e, stream);
            meter.StreamAfter(e, stream);
        }

        Assert.Equal([1.0], meter.Figures["ratio"]);
    }

    [Theory]
    [InlineData(0.05, 2)]
    [InlineData(0.4, 2)]
    [InlineData(0.8, 1)]
    [InlineData(0.8, 3)]
    [InlineData(100, 2)]
    public void EasyCache_decides_as_the_published_code_does_along_the_uncached_run(double tau, int first)
    {
        CalibrationTable table = Figures.Measure(new EasyCache(), new CalibrationSettings(), _batches);
        string expected = Published(tau, first), actual = Rows(new EasyCache().Decide(table, tau, new CalibrationSettings { FirstComputed = first }));
        Assert.Equal(expected, actual);
        Assert.Equal('1', actual[^1]);
    }

    [Fact]
    public void EasyCache_thresholds_of_these_runs_make_different_schedules()
    {
        string[] schedules = [.. new[] { 0.05, 0.4, 0.8, 100 }.Select(tau => Published(tau, 2))];
        Assert.True(schedules.Distinct().Count() >= 3, string.Join(' ', schedules));
    }

    /// <summary>The control flow of the published forward pass with its state, over all images.</summary>
    private static string Published(double tau, int first)
    {
        double error = 0;
        double? k = null;
        (int? output, int? input) = (null, null);
        string computed = "";
        for (int s = 0; s < Figures.Steps; s++)
        {
            bool calculates = true;
            if (s < first || s >= Figures.Steps - 1)
            {
                error = 0;
            }
            else if (output is { } before && k is { } rate)
            {
                error += rate * (Change(batch => batch.Inputs[s], batch => batch.Inputs[s - 1]) / Mean(batch => batch.Noise(before)));
                calculates = !(error < tau);
                error = calculates ? 0 : error;
            }

            computed += calculates ? '1' : '0';
            if (calculates)
            {
                if (output is { } o && input is { } i)
                {
                    k = Change(batch => batch.Noise(s), batch => batch.Noise(o)) / Change(batch => batch.Inputs[s], batch => batch.Inputs[i]);
                }

                (output, input) = (s, s);
            }
        }

        return computed;

        static double Change(Func<Figures.Batch, IEnumerable<float>> x, Func<Figures.Batch, IEnumerable<float>> y) =>
            _batches.Sum(batch => Figures.Change(x(batch), y(batch)));

        static double Mean(Func<Figures.Batch, IEnumerable<float>> x) => _batches.Sum(batch => Figures.Magnitude(x(batch)));
    }

    private static string Rows(CacheSchedule schedule)
    {
        for (int e = 0; e < schedule.Evaluations; e++)
        {
            // All blocks at once, by what they added when they were computed last.
            SegmentReplacement[] replaced = [.. schedule.ReplacedIn(e)];
            Assert.Equal(schedule.Skipped(e), replaced.Sum(r => r.Segment.Length));
            var blocks = new CacheSegment(0, schedule.Branches - 1);
            Assert.All(replaced, r => Assert.Equal(SegmentReplacement.Reuse(e, blocks, Enumerable.Range(0, e).Last(s => schedule.Skipped(s) == 0)), r));
        }

        return string.Concat(Enumerable.Range(0, schedule.Evaluations).Select(e => schedule.Skipped(e) == 0 ? '1' : '0'));
    }
}
