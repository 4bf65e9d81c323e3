using System.Collections.Immutable;
using L2c.Model.Samplers;
using L2c.Testing.Golden;

namespace L2c.Model.Tests.Golden;

/// <summary>Kind "schedule" of the Gaussian diffusion: tables per respacing, named <c>RESPACING.table</c>.</summary>
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
