using System.Globalization;
using L2c.Kernels;
using L2c.Model.Caching;
using L2c.Model.Networks;
using L2c.Model.Samplers;
using L2c.Weights.Layouts;

namespace L2c.Model.Tests.Samplers;

/// <summary>The coefficients against the papers' equations in double precision, each bound with faults that it rejects.</summary>
public class SamplerTests
{
    /// <summary>A few float32 roundings of the coefficients, relative to the largest term of the sum.</summary>
    private const double RoundingBound = 6e-7;

    private static readonly NetworkInfo _dit = NetworkFamilies.Describe(PublishedModels.Find("DiT-XL/2")!);
    private static readonly NetworkInfo _uvit = NetworkFamilies.Describe(PublishedModels.Find("U-ViT-H/2")!);

    public static TheoryData<string, double> DdimCases => new MatrixTheoryData<string, double>(["50", "25", "20", "10", "ddim50", "10,15,20"], [0, 0.5, 1]);

    [Theory]
    [MemberData(nameof(DdimCases))]
    public void Ddim_is_equation_12(string steps, double eta)
    {
        SamplerTable sampler = Ddim.Table(steps, eta);
        Assert.InRange(WorstOfDdim(sampler, eta), 0, RoundingBound);

        Assert.False(WorstOfDdim(WithFault(sampler, u => u with { Eps = 1.001f * u.Eps }), eta) <= RoundingBound);
        Assert.False(WorstOfDdim(WithFault(sampler, u => u with { X0 = u.X0 * u.X0 }), eta) <= RoundingBound);
        Assert.False(WorstOfDdim(WithFault(sampler, p => p with { EpsToX0 = p.InputToX0 }), eta) <= RoundingBound);
        Assert.False(WorstOfDdim(sampler, eta + 0.1) <= RoundingBound);
        Assert.False(eta > 0 && WorstOfDdim(WithFault(sampler, u => u with { Noise = 0 }), eta) <= RoundingBound);
    }

    /// <summary>The published code rounds ᾱ to float32 before it subtracts from 1: this bounds what that costs against exact arithmetic.</summary>
    [Theory]
    [MemberData(nameof(DdimCases))]
    public void Ddim_in_float32_stays_near_exact_arithmetic(string steps, double eta) =>
        Assert.InRange(WorstOfDdim(Ddim.Table(steps, eta), eta, alphaBar => alphaBar), 0, 1e-5);

    [Theory]
    [InlineData("50")]
    [InlineData("25")]
    [InlineData("20")]
    [InlineData("10,15,20")]
    public void Ddpm_is_equation_11_with_the_variance_of_equation_15(string steps)
    {
        SamplerTable learned = Ddpm.Table(steps, learnedVariance: true);
        Assert.InRange(WorstOfDdpm(learned, learned: true), 0, RoundingBound);
        Assert.False(WorstOfDdpm(WithFault(learned, u => u with { X = u.X0, X0 = u.X }), learned: true) <= RoundingBound);
        Assert.False(WorstOfDdpm(WithFault(learned, p => p with { MinLogVariance = p.MaxLogVariance }), learned: true) <= RoundingBound);
        Assert.False(WorstOfDdpm(WithFault(learned, u => u with { Noise = 0 }), learned: true) <= RoundingBound);

        SamplerTable fixedVariance = Ddpm.Table(steps, learnedVariance: false);
        Assert.InRange(WorstOfDdpm(fixedVariance, learned: false), 0, RoundingBound);
        Assert.False(WorstOfDdpm(fixedVariance, learned: true) <= RoundingBound);
        Assert.False(WorstOfDdpm(WithFault(fixedVariance, u => u with { Noise = u.Noise * u.Noise }), learned: false) <= RoundingBound);
    }

    [Theory]
    [InlineData(1.0)]
    [InlineData(0.5)]
    public void Ddim_has_eta_squared_times_the_posterior_variance(double eta)
    {
        NoiseSchedule schedule = NoiseSchedule.Linear.Respace(Respacing.Select(50));
        foreach (SamplerEvaluation step in Ddim.Table(schedule, eta).Evaluations)
        {
            double expected = eta * eta * schedule.PosteriorVariance[step.RouterRow], sigma = step.Updates.Single().Noise;
            Assert.Equal(expected, sigma * sigma, 4e-4 * expected); // ᾱ rounded to float32: 3e-8 in a 1 - ᾱ of 1e-4
        }
    }

    [Fact]
    public void Steps_run_from_the_last_timestep_to_the_first()
    {
        SamplerTable sampler = Ddim.Table(20);
        Assert.Equal(Enumerable.Range(0, 20).Reverse(), sampler.Evaluations.Select(step => step.RouterRow));
        Assert.Equal(Respacing.Select(20).Reverse(), sampler.Evaluations.Select(step => (int)step.Time));
        Assert.Equal(PublishedRoles.OnePerStep(20), sampler.Roles);
        Assert.Equal(Enumerable.Range(0, 10).Select(t => 19 - (2 * t)), sampler.CacheEvaluations);
        Assert.Equal("ddim", sampler.Name);
        Assert.Equal("ddpm", Ddpm.Table(20, learnedVariance: true).Name);
        Assert.Equivalent(sampler.Evaluations, Ddim.Table("20").Evaluations, strict: true);
        Assert.Equivalent(Ddpm.Table(20, learnedVariance: false).Evaluations, Ddpm.Table("20", learnedVariance: false).Evaluations, strict: true);
    }

    [Fact]
    public void Samplers_are_made_by_name_in_any_case_of_letters()
    {
        foreach (string name in SamplerCatalog.Names)
        {
            Assert.Equal(name, SamplerCatalog.Create(_dit, "20", name.ToUpperInvariant()).Name);
        }

        Assert.Equivalent(Ddim.Table(20, 0.5).Evaluations, SamplerCatalog.Create(_dit, "20", "DDim", 0.5).Evaluations, strict: true);
        Assert.Equivalent(Ddim.Table(20).Evaluations, SamplerCatalog.Create(_dit, "20").Evaluations, strict: true);
        Assert.Equivalent(Ddpm.Table(20, learnedVariance: true).Evaluations, SamplerCatalog.Create(_dit, "20", "ddpm").Evaluations, strict: true);
    }

    [Theory]
    [InlineData("euler", "20", null, null, "no sampler is named euler; the names are ddim, ddpm, dpm-solver:1")]
    [InlineData("ddpm", "20", 1.0, null, "eta belongs to ddim")]
    [InlineData("dpm-solver++:2M", "20", 0.0, null, "eta belongs to ddim")]
    [InlineData("ddim", "20", null, "logSNR", "ddim has no grid")]
    [InlineData(null, "20", null, "logSNR", "ddim has no grid")]
    [InlineData("dpm-solver:1", "20", null, "cosine", "no grid is named cosine; the names are time_uniform, logSNR, time_quadratic")]
    [InlineData("dpm-solver++:2s", "1", null, null, "\"1\" is not a number of evaluations; dpm-solver++:2s takes a whole number from 2 to 1000")]
    [InlineData("dpm-solver:3", "2", null, null, "from 3 to 1000")]
    [InlineData("dpm-solver++:3m", "0", null, null, "from 1 to 1000")]
    [InlineData("dpm-solver++:2m", "1001", null, null, "from 1 to 1000")]
    [InlineData("dpm-solver++:2m", "ddim20", null, null, "\"ddim20\" is not a number of evaluations")]
    public void What_makes_no_sampler_is_refused(string? name, string steps, double? eta, string? grid, string reason) =>
        Assert.Contains(
            reason, Assert.Throws<ArgumentException>(() => SamplerCatalog.Create(_dit, steps, name, eta, grid)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("dpm-solver:1", 7, 7)]
    [InlineData("dpm-solver++:2s", 7, 6)]
    [InlineData("dpm-solver:3", 8, 6)]
    [InlineData("dpm-solver++:3m", 7, 7)]
    [InlineData("dpm-solver++:3m", 1, 1)]
    [InlineData("ddim", 7, 7)]
    public void A_sampler_makes_the_evaluations_that_fill_whole_steps(string name, int asked, int made) =>
        Assert.Equal(made, RandomDit.Sampler(name, asked).Evaluations.Count);

    /// <summary>A DiT counts timesteps from 0, a U-ViT from 1.</summary>
    [Fact]
    public void Every_sampler_asks_a_network_about_its_own_timesteps()
    {
        foreach (string name in SamplerCatalog.Names)
        {
            (SamplerTable dit, SamplerTable uvit) = (SamplerCatalog.Create(_dit, "1000", name), SamplerCatalog.Create(_uvit, "1000", name));
            Assert.Equal((999, 1000), (dit.Evaluations[0].Time, uvit.Evaluations[0].Time));
            Assert.All(dit.Evaluations, row => Assert.InRange(row.Time, 0, 999));
            Assert.All(uvit.Evaluations, row => Assert.InRange(row.Time, 1, 1000));
        }

        Assert.Equal("dpm-solver++:2s", SamplerCatalog.Create(_uvit, "20").Name);
    }

    [Fact]
    public void Noise_is_needed_only_where_it_has_an_effect()
    {
        Assert.DoesNotContain(Ddim.Table(20).Evaluations, step => step.UsesNoise);
        foreach (SamplerTable sampler in new[] { Ddim.Table(20, 0.3), Ddpm.Table(20, learnedVariance: true), Ddpm.Table(20, learnedVariance: false) })
        {
            Assert.All(sampler.Evaluations.SkipLast(1), step => Assert.True(step.UsesNoise));
            Assert.False(sampler.Evaluations[^1].UsesNoise);
        }
    }

    [Fact]
    public void A_variance_that_rounds_below_zero_is_zero()
    {
        SamplerEvaluation jump = Ddim.Table(NoiseSchedule.Linear.Respace([0, 870]), 1).Evaluations[0];
        LinearUpdate update = jump.Updates.Single();
        Assert.True(1 - (update.X0 * update.X0) > 0 && update.Noise > 0);
        Assert.Equal(0, update.Eps);
    }

    [Fact]
    public void Every_coefficient_of_every_step_count_is_finite()
    {
        for (int steps = 1; steps <= 1000; steps = steps < 60 ? steps + 1 : steps + 47)
        {
            string text = Math.Max(steps, 3).ToString(CultureInfo.InvariantCulture);
            SamplerTable[] samplers =
            [
                Ddim.Table(steps, 1), Ddim.Table(steps), Ddpm.Table(steps, learnedVariance: true), Ddpm.Table(steps, learnedVariance: false),
                .. SamplerCatalog.Names.Skip(2).SelectMany(name => SamplerCatalog.Grids, (name, grid) => SamplerCatalog.Create(_dit, text, name, null, grid)),
            ];
            foreach (SamplerEvaluation step in samplers.SelectMany(sampler => sampler.Evaluations))
            {
                SamplerPrediction p = step.Prediction;
                float[] coefficients =
                [
                    step.Time, p.InputToX0, p.EpsToX0, p.MinLogVariance, p.MaxLogVariance,
                    .. step.Updates.SelectMany(u => (float[])[u.X0, u.Eps, u.X, u.U, u.H1, u.H2, u.H3, u.Noise]),
                ];
                Assert.True(Array.TrueForAll(coefficients, float.IsFinite), step.ToString());
            }
        }
    }

    [Theory]
    [InlineData(-0.1, "eta -0.1 is not valid")]
    [InlineData(double.NaN, "is not valid")]
    [InlineData(double.PositiveInfinity, "is not valid")]
    [InlineData(1.5, "eta is too large")]
    public void An_eta_without_a_solution_is_refused(double eta, string reason) =>
        Assert.Contains(reason, Assert.Throws<ArgumentException>(() => Ddim.Table(20, eta)).Message, StringComparison.Ordinal);

    private static SamplerTable WithFault(SamplerTable sampler, Func<LinearUpdate, LinearUpdate> fault) =>
        sampler with { Evaluations = [.. sampler.Evaluations.Select(s => s with { Updates = [.. s.Updates.Select(fault)] })] };

    private static SamplerTable WithFault(SamplerTable sampler, Func<SamplerPrediction, SamplerPrediction> fault) =>
        sampler with { Evaluations = [.. sampler.Evaluations.Select(s => s with { Prediction = fault(s.Prediction) })] };

    /// <summary>By default against equation 12 with ᾱ rounded to float32 in the direction and noise terms, as published.</summary>
    private static double WorstOfDdim(SamplerTable sampler, double eta, Func<double, double>? round = null)
    {
        round ??= alphaBar => (float)alphaBar;
        return Worst(sampler, (alphaBar, alphaBarPrev, x, eps, _, noise) =>
        {
            // x is chosen from x0 and eps, so that the rounded ᾱ of the reference sees the x0 that exact ᾱ sees.
            double x0 = (x - (Math.Sqrt(1 - alphaBar) * eps)) / Math.Sqrt(alphaBar);
            double rounded = round(alphaBar);
            double sameX = (Math.Sqrt(rounded) * x0) + (Math.Sqrt(1 - rounded) * eps);
            return PaperReference.Ddim(rounded, round(alphaBarPrev), eta, sameX, eps, noise);
        });
    }

    private static double WorstOfDdpm(SamplerTable sampler, bool learned) => Worst(sampler, (alphaBar, alphaBarPrev, x, eps, v, noise) =>
        PaperReference.Ddpm(alphaBar, alphaBarPrev, x, eps, learned ? v : null, alphaBarPrev == 1 ? 0 : noise));

    /// <summary>Largest difference over steps and values, relative to the sum of the magnitudes of the step's terms.</summary>
    private static double Worst(SamplerTable sampler, Func<double, double, double, double, double, double, double> reference)
    {
        System.Random random = new(3);
        double worst = 0;
        foreach (SamplerEvaluation step in sampler.Evaluations)
        {
            double alphaBar = PaperReference.AlphaBar((int)step.Time);
            double alphaBarPrev = step.RouterRow == 0 ? 1 : PaperReference.AlphaBar((int)sampler.Evaluations.Single(s => s.RouterRow == step.RouterRow - 1).Time);
            for (int i = 0; i < 20; i++)
            {
                (double x, double eps, double v, double noise) = (Next(), Next(), Next() / 2, Next());
                (double actual, _, double scale) = PaperReference.Apply(step, x, eps, v, noise);
                worst = Math.Max(worst, Math.Abs(actual - reference(alphaBar, alphaBarPrev, x, eps, v, noise)) / scale);
            }
        }

        return worst;

        double Next() => (4 * random.NextDouble()) - 2;
    }
}
