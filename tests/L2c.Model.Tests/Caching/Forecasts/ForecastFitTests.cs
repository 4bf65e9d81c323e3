using L2c.Model.Caching;
using L2c.Model.Caching.Forecasts;
using L2c.Weights;

namespace L2c.Model.Tests.Caching.Forecasts;

/// <summary>Fitted weights and their errors against all values at once in binary64, solved by another factorisation.</summary>
public sealed class ForecastFitTests
{
    private const int Evaluations = 11, Images = 4;

    // Weights are rounded to fp32.
    private const double Tolerance = 2e-7;

    // Every third evaluation refreshes; branch 1 is computed once more, as under a router.
    private static readonly CacheSchedule _schedule = CacheSchedule.Reusing(
        [.. Enumerable.Range(0, Evaluations).Select(e => e % 3 == 0 ? EvaluationRole.Refresh : EvaluationRole.Cache)],
        MadeUpRun.Network.Branches,
        (e, b) => (e, b) != (7, 1));

    // Outputs change with the evaluation as those of a network do: smoothly, and a part of it not to be foreseen.
    private static readonly MadeUpRun _run = new(Evaluations, Images, (e, b, image, half, i) =>
        Noise(b, image, half, i, 0) + (0.1f * e * Noise(b, image, half, i, 1)) + (0.05f * Noise(b, image, half, i, 2 + e)));

    private static readonly MadeUpRun _other = _run with { Value = (e, b, image, half, i) => _run.Value(e, b, image + Images, half, i) };

    [Theory]
    [InlineData(1, 1e-6)]
    [InlineData(2, 1e-12)]
    [InlineData(3, 1e-6)]
    [InlineData(3, 0.01)]
    [InlineData(6, 1)]
    public void Weights_are_those_of_the_whole_problem_solved_by_qr(int terms, double ridge)
    {
        CacheSchedule fitted = Fitted(terms, ridge, fit => _run.Show(fit.Fitting));
        int compared = 0;
        foreach ((int e, int b) in Skipped())
        {
            Assert.Equal(Sources(e, b, terms), fitted.Terms(e, b).Select(term => term.Evaluation));
            Assert.True(Agree(fitted, e, b, Reference(e, b, terms, ridge)), $"evaluation {e}, branch {b}");
            compared++;
        }

        Assert.Equal(_schedule.SkippedBranches, compared);
        Assert.Equal(_schedule.ToString().Replace('~', '.'), fitted.ToString().Replace('~', '.')); // the same branches are computed
    }

    [Fact]
    public void Faults_are_seen()
    {
        const int e = 8, terms = 3;
        const double ridge = 0.01;
        double[] right = Reference(e, 0, terms, ridge), y = _run.Output(e, 0);
        double[][] sources = [.. Sources(e, 0, terms).Select(source => _run.Output(source, 0))];
        CacheSchedule fitted = Fitted(terms, ridge, fit => _run.Show(fit.Fitting));
        Assert.True(Agree(fitted, e, 0, right));

        // The pull goes towards no output at all, or the mean of all; sources from the oldest on; another branch.
        Assert.False(Agree(fitted, e, 0, LeastSquares.Weights(sources, y, ridge, [0, 0, 0])));
        Assert.False(Agree(fitted, e, 0, Reference(e, 0, terms, ridge, prior: 1.0 / terms)));
        Assert.False(Agree(fitted, e, 0, [.. right.Reverse()]));
        Assert.False(Agree(fitted, e, 0, Reference(e, 2, terms, ridge)));

        // Evaluations in another order.
        Assert.False(Agree(Fitted(terms, ridge, fit => _run.Show(fit.Fitting, called: k => Evaluations - 1 - k)), e, 0, right));
        Assert.False(Agree(Fitted(terms, ridge, fit => _run.Show(fit.Fitting, called: k => k ^ 1)), e, 0, right));
    }

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public void Outputs_that_are_linear_in_the_evaluation_are_extrapolated(int terms)
    {
        // Whole numbers, which fp32 holds exactly.
        MadeUpRun run = new(Evaluations, Images, (e, b, image, half, i) =>
            MathF.Round(100 * Noise(b, image, half, i, 0)) + (e * MathF.Round(100 * Noise(b, image, half, i, 1))));
        ForecastFit fit = Fit(terms);
        run.Show(fit.Fitting);
        run.Show(fit.HeldOut);
        CacheSchedule fitted = fit.Fit(1e-11);
        foreach (ForecastPlace place in fit.Places(fitted).Where(place => place.Sources.Count > 1))
        {
            Assert.InRange(place.Fitted.Forecast, 0, 1e-6);
            Assert.InRange(place.Fitted.Reuse, 0.01, 2);
            Assert.Equal(1, place.Weights.Sum(weight => (double)weight), 1e-6);
            Assert.Equal(place.Evaluation, place.Weights.Zip(place.Sources, (weight, source) => (double)weight * source).Sum(), 1e-5);
            if (terms == 2)
            {
                (int latest, int before) = (place.Sources[0], place.Sources[1]);
                Assert.Equal((place.Evaluation - before) / (double)(latest - before), place.Weights[0], 1e-6);
            }
        }

        // From one output alone nothing can be extrapolated: it is reused.
        Assert.All(fit.Places(fitted).Where(place => place.Sources.Count == 1), place => Assert.Equal(place.Fitted.Reuse, place.Fitted.Forecast));
    }

    [Fact]
    public void A_large_ridge_is_plain_reuse()
    {
        ForecastFit fit = Fit(3);
        _run.Show(fit.Fitting);
        _run.Show(fit.HeldOut);
        CacheSchedule fitted = fit.Fit(1e8);
        foreach (ForecastPlace place in fit.Places(fitted))
        {
            Assert.Equal(1, place.Weights[0], 1e-6);
            Assert.All(place.Weights.Skip(1), weight => Assert.InRange(MathF.Abs(weight), 0, 1e-6f));
            Assert.Equal(place.Fitted.Reuse, place.Fitted.Forecast, 1e-6);
        }

        Assert.Equal(_schedule, fit.Reuse);
    }

    [Fact]
    public void Errors_are_those_of_the_rounded_weights_on_either_images()
    {
        ForecastFit fit = Fit(3);
        _run.Show(fit.Fitting);
        _other.Show(fit.HeldOut);
        CacheSchedule fitted = fit.Fit();
        double[] left = new double[2], norm = new double[2];
        foreach (ForecastPlace place in fit.Places(fitted))
        {
            (double forecast, double square) = Distance(_run, fitted, place.Evaluation, place.Branch);
            (double other, double otherSquare) = Distance(_other, fitted, place.Evaluation, place.Branch);
            Assert.Equal(Math.Sqrt(forecast / square), place.Fitted.Forecast, 1e-8);
            Assert.Equal(Math.Sqrt(other / otherSquare), place.HeldOut.Forecast, 1e-8);
            (double reuse, _) = Distance(_run, fit.Reuse, place.Evaluation, place.Branch);
            Assert.Equal(Math.Sqrt(reuse / square), place.Fitted.Reuse, 1e-8);
            Assert.InRange(place.Fitted.Forecast, 0, place.Fitted.Reuse); // on these images nothing fits better
            (left[0], norm[0], left[1], norm[1]) = (left[0] + forecast, norm[0] + square, left[1] + other, norm[1] + otherSquare);
        }

        (ForecastError onFitted, ForecastError onHeldOut) = fit.Total(fitted);
        Assert.Equal(Math.Sqrt(left[0] / norm[0]), onFitted.Forecast, 1e-8);
        Assert.Equal(Math.Sqrt(left[1] / norm[1]), onHeldOut.Forecast, 1e-8);
        Assert.NotEqual(onFitted.Forecast, onHeldOut.Forecast, 1e-4);
    }

    [Fact]
    public void Batches_change_no_bit()
    {
        CacheSchedule whole = Fitted(3, 1e-6, fit => _run.Show(fit.Fitting));
        Assert.Equal(whole, Fitted(3, 1e-6, fit => _run.Show(fit.Fitting, 1, 3)));
        Assert.Equal(whole, Fitted(3, 1e-6, fit => _run.Show(fit.Fitting, 2, 2)));
        Assert.NotEqual(whole, Fitted(3, 1e-6, fit => _run.Show(fit.Fitting, 2, 1)));
    }

    [Fact]
    public void A_file_of_the_schedule_is_read_back_as_it_was()
    {
        CacheSchedule fitted = Fitted(3, 1e-6, fit => _run.Show(fit.Fitting));
        ScheduleJson file = ScheduleJson.From(fitted, "small", "ddim");
        Assert.Equal(ScheduleJson.TermsFormat, file.Format);
        Assert.Equal(fitted, ScheduleFile.Read(ByteSource.FromMemory("f.json", file.ToUtf8())).ToSchedule(MadeUpRun.Network.Branches));
    }

    [Fact]
    public void Outputs_are_kept_as_long_as_a_run_keeps_them()
    {
        CacheSchedule paper = ForecastFit.OnPaper(_schedule, 3);
        int slots = CacheSlots.Plan(paper).Count;
        long row = sizeof(float) * MadeUpRun.Network.Tokens * MadeUpRun.Network.HiddenSize;
        Assert.Equal(slots * 2 * Images * row, ForecastFit.KeptBytes(_schedule, 3, MadeUpRun.Network, MadeUpRun.Guided, Images));
        Assert.Equal(slots, CacheSlots.Plan(Fitted(3, 1e-6, fit => _run.Show(fit.Fitting))).Count);
        Assert.Equal(3 * MadeUpRun.Network.Branches, slots);
    }

    [Fact]
    public void What_cannot_be_fitted_is_refused()
    {
        Assert.Contains("give 1 to 6", Refusal(() => Fit(0)), StringComparison.Ordinal);
        Assert.Contains("give 1 to 6", Refusal(() => Fit(7)), StringComparison.Ordinal);
        Assert.Contains("at least 1E-12", Refusal(() => Fit(3).Fit(0)), StringComparison.Ordinal);
        Assert.Contains("at least 1E-12", Refusal(() => Fit(3).Fit(double.NaN)), StringComparison.Ordinal);
        Assert.Contains("nothing to forecast", Refusal(() => ForecastFit.OnPaper(CacheSchedule.Full(4, 6), 3)), StringComparison.Ordinal);
        CacheSchedule dropped = new([EvaluationRole.Cache, EvaluationRole.Cache], [[false, true], [false, true]], dropsSkipped: true);
        Assert.Contains("before any evaluation computed it", Refusal(() => ForecastFit.OnPaper(dropped, 3)), StringComparison.Ordinal);
        CacheSchedule segments = CacheSchedule.Replacing(4, 6, [SegmentReplacement.Reuse(1, new CacheSegment(0, 5), 0)]);
        Assert.Contains("give a schedule without segments", Refusal(() => ForecastFit.OnPaper(segments, 3)), StringComparison.Ordinal);
        MadeUpRun broken = _run with { Value = (e, b, image, half, i) => e == 3 && b == 4 && i == 5 ? float.NaN : _run.Value(e, b, image, half, i) };
        string nan = Refusal(() => Fitted(3, 1e-6, fit => broken.Show(fit.Fitting)));
        Assert.Contains("block 2 attention computed values in evaluation 4, or before, that are not finite", nan, StringComparison.Ordinal);

        static string Refusal(Func<object> act) => Assert.Throws<ArgumentException>(act).Message;
    }

    [Fact]
    public void A_branch_that_is_nothing_is_reused()
    {
        MadeUpRun nothing = _run with { Value = (_, _, _, _, _) => 0 };
        ForecastFit fit = Fit(3);
        nothing.Show(fit.Fitting);
        nothing.Show(fit.HeldOut);
        CacheSchedule fitted = fit.Fit();
        Assert.All(fit.Places(fitted), place => Assert.Equal((1, default, default), (place.Weights[0], place.Fitted, place.HeldOut)));
    }

    private static ForecastFit Fit(int terms) => new(_schedule, terms, MadeUpRun.Network, MadeUpRun.Guided, Images);

    private static CacheSchedule Fitted(int terms, double ridge, Action<ForecastFit> show)
    {
        ForecastFit fit = Fit(terms);
        show(fit);
        return fit.Fit(ridge);
    }

    private static IEnumerable<(int Evaluation, int Branch)> Skipped() =>
        from e in Enumerable.Range(0, Evaluations)
        from b in Enumerable.Range(0, MadeUpRun.Network.Branches)
        where !_schedule.Computes(e, b)
        select (e, b);

    private static int[] Sources(int evaluation, int branch, int terms) =>
        [.. Enumerable.Range(0, evaluation).Reverse().Where(e => _schedule.Computes(e, branch)).Take(terms)];

    private static double[] Reference(int evaluation, int branch, int terms, double ridge, double prior = 0)
    {
        double[][] outputs = [.. Sources(evaluation, branch, terms).Select(source => _run.Output(source, branch))];
        double[][] differences = [.. outputs.Skip(1).Select(output => Minus(output, outputs[0]))];
        double[] a = LeastSquares.Weights(
            differences, Minus(_run.Output(evaluation, branch), outputs[0]), ridge, [.. differences.Select(_ => prior)]);
        return [1 - a.Sum(), .. a];

        static double[] Minus(double[] x, double[] y) => [.. x.Zip(y, (one, other) => one - other)];
    }

    private static bool Agree(CacheSchedule fitted, int evaluation, int branch, double[] expected) =>
        fitted.Terms(evaluation, branch).Zip(expected).All(pair => Math.Abs(pair.First.Weight - pair.Second) <= Tolerance * Math.Max(1, Math.Abs(pair.Second)));

    private static (double Squared, double Norm) Distance(MadeUpRun run, CacheSchedule schedule, int evaluation, int branch)
    {
        double[] output = run.Output(evaluation, branch), left = [.. output];
        foreach (CacheTerm term in schedule.Terms(evaluation, branch))
        {
            double[] source = run.Output(term.Evaluation, branch);
            for (int i = 0; i < left.Length; i++)
            {
                left[i] -= term.Weight * source[i];
            }
        }

        return (left.Sum(value => value * value), output.Sum(value => value * value));
    }

    /// <summary>In [-1, 1), a function of the numbers alone.</summary>
    private static float Noise(int branch, int image, int half, int place, int which)
    {
        uint z = (uint)((((((branch * 31) + image) * 31) + half) * 7919) + place) * 2654435761u + ((uint)which * 40503u);
        z = (z ^ (z >> 15)) * 0x2C1B3C6Du;
        z = (z ^ (z >> 12)) * 0x297A2D39u;
        return ((z ^ (z >> 15)) >> 8) / (float)(1 << 23) - 1;
    }
}
