using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using L2c.Model.Samplers;
using L2c.Testing.Golden;

namespace L2c.Model.Tests.Golden;

/// <summary>Kind "schedule": of the Gaussian diffusion, tables per respacing, named <c>RESPACING.table</c>; of U-ViT, its process between timesteps and its
/// solver's times.</summary>
internal static class ScheduleGolden
{
    public static GoldenResult Run(GoldenCase golden)
    {
        var result = new GoldenResult(golden);
        using GoldenTensors recorded = golden.Open();
        foreach (IGrouping<string, string> tables in golden.Case.GetProperty("bounds").EnumerateObject().Select(b => b.Name).GroupBy(n => n[..n.LastIndexOf('.')]))
        {
            // "full" is the process respaced to all of its steps, as create_diffusion makes it: betas are recomputed from their products.
            NoiseSchedule schedule = NoiseSchedule.Linear.Respace(Respacing.Select(tables.Key == "full" ? "1000" : tables.Key));
            foreach (string name in tables)
            {
                string table = name[(tables.Key.Length + 1)..];
                if (table == "timestep_map")
                {
                    result.CompareExactly<long>(name, [.. schedule.TimestepMap.Select(t => (long)t)], recorded.Longs(name));
                }
                else
                {
                    result.Compare(name, [.. Table(schedule, table)], recorded.Doubles(name));
                }
            }
        }

        return result;
    }

    /// <summary>U-ViT's.</summary>
    public static GoldenResult RunContinuous(GoldenCase golden)
    {
        var result = new GoldenResult(golden);
        using GoldenTensors recorded = golden.Open();
        NoiseSchedule process = NoiseSchedule.ScaledLinear;
        InterpolatedSchedule schedule = new(process);
        float[] t = recorded.Floats("t");
        foreach (JsonProperty bound in golden.Case.GetProperty("bounds").EnumerateObject())
        {
            double[] actual = bound.Name switch
            {
                "betas" => [.. process.Betas],
                "train_cum_alphas" => [1, .. process.AlphasCumprod],
                "train_cum_betas" => [0, .. process.AlphasCumprod.Select(product => 1 - product)],
                "t_discrete" => Wide(TimeGrid.Evenly(0.001f, 1, process.Count)),
                "log_alpha_discrete" => Each(schedule.LogAlpha, recorded.Floats("t_discrete")),
                "log_alpha" => Each(schedule.LogAlpha, t),
                "alpha" => Each(schedule.Alpha, t),
                "sigma" => Each(schedule.Sigma, t),
                "lambda" => Each(schedule.Lambda, t),
                "inverse_lambda_of_lambda" => Each(schedule.Time, recorded.Floats("lambda")),
                _ when bound.Name.Split("_nfe") is [var what, var evaluations] =>
                    Times(schedule, what, int.Parse(evaluations, CultureInfo.InvariantCulture) / 2),
                _ => throw new NotSupportedException($"{golden.File}: no rule for {bound.Name}"),
            };
            result.Compare(bound.Name, actual, recorded.Doubles(bound.Name));
        }

        return result;

        static double[] Each(Func<float, float> f, float[] values) => Wide(Array.ConvertAll(values, new Converter<float, float>(f)));

        static double[] Wide(float[] values) => Array.ConvertAll(values, value => (double)value);
    }

    // The map holds the timesteps that routers were trained at.
    private static double[] Times(InterpolatedSchedule schedule, string what, int steps)
    {
        float[] times = TimeGrid.Times(TimeSpacing.TimeUniform, schedule, steps);
        return [.. times.Select(t => (double)(what == "timestep_map" ? MathF.Round(schedule.NetworkTime(t)) : t))];
    }

    private static ImmutableArray<double> Table(NoiseSchedule s, string name) => name switch
    {
        "betas" => s.Betas,
        "alphas_cumprod" => s.AlphasCumprod,
        "alphas_cumprod_prev" => s.AlphasCumprodPrev,
        "sqrt_recip_alphas_cumprod" => s.SqrtRecipAlphasCumprod,
        "sqrt_recipm1_alphas_cumprod" => s.SqrtRecipm1AlphasCumprod,
        "posterior_variance" => s.PosteriorVariance,
        "posterior_log_variance_clipped" => s.PosteriorLogVarianceClipped,
        "posterior_mean_coef1" => s.PosteriorMeanCoef1,
        "posterior_mean_coef2" => s.PosteriorMeanCoef2,
        _ => throw new NotSupportedException($"no table {name}"),
    };
}
