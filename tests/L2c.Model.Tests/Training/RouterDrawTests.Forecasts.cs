using L2c.Model.Caching;
using L2c.Model.Runs;
using L2c.Model.Samplers;
using L2c.Model.Training;
using L2c.Weights.Layouts;

namespace L2c.Model.Tests.Training;

public sealed partial class RouterDrawTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void Over_a_forecast_loss_and_gradient_are_those_of_the_formulas_in_double_precision(int t)
    {
        // Of the three draws the last two are led by three evaluations, the first by one: draw t compares at evaluation 5 - 2t.
        using var fixture = new Fixture(TrainingFixture.Tiny, recompute: t == 1, Ddim.Table(_six), forecast: Forecast(_ => true));
        float[] weights = [0.3f, 0.9f, 0.05f, 0.6f];
        double loss = fixture.Run(t, weights);
        double[] w = Array.ConvertAll(weights, v => (double)v);
        Func<double> expected = ForecastLossInDouble(fixture.Noised, t, w, TermsOf(5 - (2 * t)));
        // The loss is the square of differences of 5e-4 between outputs of about 1, each rounded to 6e-8.
        Assert.Equal(expected(), loss, 1e-4 * loss);
        double[] gradient = [.. Enumerable.Range(0, w.Length).Select(i => TrainingFixture.Difference(w, i, expected))];
        double bound = 1e-4 * gradient.Max(Math.Abs);
        Assert.All(gradient.Zip(fixture.Gradient), pair => Assert.Equal(pair.First, pair.Second, bound));

        // Planted: reuse in place of the forecast; the weights of another evaluation.
        Assert.NotInRange(ForecastLossInDouble(fixture.Noised, t, w, _ => [(1, 1f)])(), 0.999 * loss, 1.001 * loss);
        Func<double> other = ForecastLossInDouble(
            fixture.Noised, t, w, b => [.. TermsOf(t == 0 ? 3 : 5)(b).Take(TermsOf(5 - (2 * t))(b).Length)]);
        Assert.NotInRange(other(), 0.999 * loss, 1.001 * loss);

        // Another draw in between leaves nothing behind.
        double[] before = [.. fixture.Gradient];
        fixture.Run((t + 1) % 3, weights);
        Assert.Equal(loss, fixture.Run(t, weights));
        Assert.Equal(before, fixture.Gradient);
    }

    [Fact]
    public void A_student_over_a_forecast_that_computes_nothing_is_an_evaluation_of_a_run_with_it()
    {
        SamplerTable four = Ddim.Table(4);
        CacheSchedule all = Forecast(_ => true, evaluations: 4, branches: 6), last = Forecast(e => e == 3, evaluations: 4, branches: 6);
        using var fixture = new Fixture(RandomDit.Small, false, four, forecast: all);
        fixture.Run(0, new float[6]);
        var options = new SamplingOptions { Guidance = Guidance.None, KeepPredictions = true };
        using SamplingRun run = SamplingRun.Plan(fixture.Model, four, last, Batch, options);
        run.Run(_labels, 1, new GivenNoise(fixture.Noised));
        float[] forecast = new float[fixture.Step.OutputShape.Count];
        run.ReadGuidedOutput(forecast);
        double size = forecast.Max(MathF.Abs);
        Assert.All(forecast.Zip(fixture.Student), pair => Assert.Equal(pair.First, pair.Second, 1e-5 * size));
        Assert.Contains(fixture.Teacher.Zip(fixture.Student), pair => Math.Abs(pair.First - pair.Second) > 1e-4 * size);
    }

    [Fact]
    public void A_forecast_that_is_not_of_every_branch_by_refreshes_is_refused()
    {
        using var fixture = new Fixture(RandomDit.Small, false);
        string computed = Refusal(Forecast(e => e == 3, 4, 6));
        Assert.Contains("evaluation 1 the schedule has no forecast of block 0 attention", computed, StringComparison.Ordinal);
        Assert.Contains("6 evaluations, but the sampler makes 4", Refusal(Forecast(_ => true, 6, 6)), StringComparison.Ordinal);
        Assert.Contains("4 branches", Refusal(Forecast(_ => true, 4, 4)), StringComparison.Ordinal);
        CacheSchedule ofCached = new(
            [EvaluationRole.Refresh, EvaluationRole.Cache, EvaluationRole.Refresh, EvaluationRole.Cache],
            [.. Enumerable.Range(0, 4).Select(e => (IReadOnlyList<bool>)[.. Enumerable.Range(0, 6).Select(b => e % 2 == 0 || (e, b) == (1, 4))])],
            forecast: (e, b) => (e, b) == (3, 4) ? [new CacheTerm(2), new CacheTerm(1)] : null);
        Assert.Contains("evaluation 3 the schedule has no forecast of block 2 attention", Refusal(ofCached), StringComparison.Ordinal);

        string Refusal(CacheSchedule forecast) => Assert.Throws<ArgumentException>(
            () => RouterDraw.Plan(fixture.Model, _sampler, 1, new TrainingPlanOptions(), forecast: forecast)).Message;
    }

    private static CacheSchedule Forecast(Func<int, bool> forecasts, int evaluations = 6, int branches = 4) => CacheSchedule.Reusing(
        [.. Enumerable.Range(0, evaluations).Select(e => e % 2 == 0 ? EvaluationRole.Refresh : EvaluationRole.Cache)],
        branches,
        (e, _) => forecasts(e),
        forecast: (e, b) => e % 2 == 0 ? null : [.. TermsOf(e)(b).Select(term => new CacheTerm(e - term.Back, term.Weight))]);

    /// <summary>The same over a forecast: all evaluations that it weighs outputs of, DDIM steps between them, teacher and student.</summary>
    private static Func<double> ForecastLossInDouble(float[] noised, int t, double[] w, Func<int, (int Back, float Weight)[]> terms)
    {
        DitArchitecture a = TrainingFixture.Tiny;
        var network = new DoubleDit(a, TrainingFixture.Parameters(a));
        int image = noised.Length / Batch, lead = t == 2 ? 1 : 3;
        var draws = Enumerable.Range(0, Batch).Select(b =>
        {
            float[] x = noised[(b * image)..((b + 1) * image)];
            Dictionary<int, double[][]> computed = [];
            for (int index = (2 * t) + lead; index > 2 * t; index--)
            {
                double[] eps = network.Forward(x, _six.TimestepMap[index], _labels[b]);
                computed[index - (2 * t)] = [.. network.Branches];
                double bar = _six.AlphasCumprod[index], next = _six.AlphasCumprodPrev[index];
                x = [.. x.Select((v, i) => (float)((Math.Sqrt(next / bar) * (v - (Math.Sqrt(1 - bar) * eps[i]))) + (Math.Sqrt(1 - next) * eps[i])))];
            }

            double[][] forecast = [.. Enumerable.Range(0, w.Length).Select(branch => Enumerable.Range(0, computed[1][branch].Length)
                .Select(i => terms(branch).Sum(term => term.Weight * computed[term.Back][branch][i])).ToArray())];
            return (X: x, Forecast: forecast, Teacher: network.Forward(x, _six.TimestepMap[2 * t], _labels[b]));
        }).ToArray();
        return () => draws.Select((draw, b) => network
            .Forward(draw.X, _six.TimestepMap[2 * t], _labels[b], branch => (w[branch], draw.Forecast[branch]))
            .Zip(draw.Teacher, (student, teacher) => (student - teacher) * (student - teacher)).Average()).Average();
    }
}
