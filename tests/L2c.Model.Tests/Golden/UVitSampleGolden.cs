using System.Text.Json;
using L2c.Kernels;
using L2c.Model.Caching;
using L2c.Model.Networks;
using L2c.Model.Runs;
using L2c.Model.Samplers;
using L2c.Testing.Golden;
using L2c.Weights.Layouts;

namespace L2c.Model.Tests.Golden;

/// <summary>Kinds "sample" and "cached_sample" of a U-ViT: a whole run, compared after every evaluation and every solver step.</summary>
internal static class UVitSampleGolden
{
    private const string Solver = "dpm_solver, singlestep, order 2, data prediction, r1 0.5, time_uniform";

    public static GoldenResult Run(GoldenCase golden, Device device, GoldenFault fault = GoldenFault.None)
    {
        var result = new GoldenResult(golden);
        using GoldenTensors recorded = golden.Open();
        TransformerArchitecture architecture = UVitGolden.Architecture(golden);
        using Network model = GoldenNetwork.Load(
            golden, device, fault == GoldenFault.NullClassOffByOne ? (name, v) => GoldenNetwork.ShiftNullRow(architecture, name, v) : null);
        SamplerTable sampler = SamplerOf(golden, model.Info, fault);
        CacheSchedule schedule = golden.Kind == "cached_sample"
            ? DitCachedGolden.Schedule(golden, sampler)
            : CacheSchedule.Full(sampler.Evaluations.Count, architecture.Branches);
        int[] labels = recorded.Ints("y");
        float? scale = GuidanceScale(golden);
        var options = new SamplingOptions { Guidance = scale is null ? Guidance.None : Guidance.Published, KeepPredictions = true };
        using SamplingRun run = SamplingRun.Plan(model, sampler, schedule, labels.Length, options);
        var executed = new int[sampler.Evaluations.Count, architecture.Branches];
        run.Run(
            labels,
            fault == GoldenFault.GuidanceHalvesExchanged ? 1 - scale!.Value : scale ?? 1,
            new DitSampleGolden.RecordedNoise(recorded),
            evaluation => Compare(result, recorded, run, evaluation),
            (in OpInfo op, long _, long _) => CountGemms(op));

        if (golden.Kind == "cached_sample")
        {
            CompareRoles(result, recorded, sampler, executed);
        }

        return result;

        void CountGemms(in OpInfo op)
        {
            if (op.Name == nameof(Device.Linear) && op.Scope.Branch >= 0)
            {
                executed[op.Scope.Evaluation, op.Scope.Branch]++;
            }
        }
    }

    /// <summary>Whether a fault changes anything in this case, so that the case must reject it.</summary>
    public static bool Sees(GoldenCase golden, GoldenFault fault) => fault switch
    {
        GoldenFault.NullClassOffByOne or GoldenFault.GuidanceHalvesExchanged => GuidanceScale(golden) is not null,
        GoldenFault.RolesWithinStepExchanged => golden.Kind == "cached_sample",
        GoldenFault.GridInDoublePrecision => golden.Kind == "cached_sample" && golden.Case.GetProperty("evaluations").GetInt32() == 20,
        _ => false,
    };

    /// <summary>The table of the recorded solver.</summary>
    public static SamplerTable SamplerOf(GoldenCase golden, NetworkInfo network, GoldenFault fault)
    {
        string recorded = golden.Case.TryGetProperty("sampler", out JsonElement named) ? named.GetString()! : Solver;
        if (recorded != Solver)
        {
            throw new NotSupportedException($"{golden.File}: sampler {recorded}");
        }

        int count = golden.Case.GetProperty("evaluations").GetInt32();
        SamplerTable sampler = SamplerCatalog.Create(network, count.ToString(System.Globalization.CultureInfo.InvariantCulture));
        return fault switch
        {
            GoldenFault.RolesWithinStepExchanged => sampler with
            {
                Evaluations = [.. sampler.Evaluations.Select((row, e) => row with { Role = sampler.Evaluations[e ^ 1].Role })],
            },
            GoldenFault.GridInDoublePrecision => sampler with
            {
                Evaluations = [.. sampler.Evaluations.Select((row, e) => e % 2 == 0 ? row with { Time = (float)(1000 * DoubleTime(e / 2, count / 2)) } : row)],
            },
            _ => sampler,
        };
    }

    /// <summary>Our scale, u + s (c - u), from the recorded one, c + s (c - u); null without guidance.</summary>
    public static float? GuidanceScale(GoldenCase golden) =>
        golden.Case.GetProperty("guidance").GetString() == "none" ? null : 1 + golden.Case.GetProperty("cfg_scale").GetSingle();

    // Time i of the evenly spaced grid from 1 to 1/1000.
    private static double DoubleTime(int i, int steps) => 1 + (i * ((0.001 - 1) / steps));

    private static void Compare(GoldenResult result, GoldenTensors recorded, SamplingRun run, int evaluation)
    {
        // The recorded rounding noise is one number per solver step.
        int step = evaluation / 2;
        float[] guided = new float[run.StateShape.Count * (run.Options.Guidance == Guidance.None ? 1 : 2)];
        run.ReadGuidedOutput(guided);
        Row("eval_eps", evaluation, guided.AsSpan(0, (int)run.StateShape.Count));
        if (evaluation % 2 == 1)
        {
            float[] state = new float[run.StateShape.Count];
            run.ReadState(state);
            Row("x_steps", step, state);
        }

        void Row(string name, int row, ReadOnlySpan<float> actual) =>
            result.Compare(name, actual, recorded.Doubles(name).AsSpan(row * actual.Length, actual.Length), step);
    }

    private static void CompareRoles(GoldenResult result, GoldenTensors recorded, SamplerTable sampler, int[,] executed)
    {
        // The published code calls the network for each half of guidance; both halves compute the same branches.
        int branches = executed.GetLength(1);
        long[] computed = DitCachedGolden.Computed(executed);
        result.CompareExactly<long>("computed", [.. computed.Chunk(branches).SelectMany(row => row.Concat(row))], recorded.Longs("computed"));
        result.CompareExactly<long>("call_is_uncond", [.. sampler.Evaluations.SelectMany(_ => new[] { 0L, 1L })], recorded.Longs("call_is_uncond"));

        // Its caches begin anew at the midpoints, the evaluations that read u.
        result.CompareExactly<long>(
            "call_cache_reset",
            [.. sampler.Evaluations.SelectMany(row => new[] { row.Prediction.Input == SamplerState.U ? 1L : 0L, 0L })],
            recorded.Longs("call_cache_reset"));

        // Router rows by rounded time; no evaluation is at the end of the grid, timestep 1.
        result.CompareExactly<float>(
            "timestep_map",
            [.. sampler.Evaluations.Where(row => row.Prediction.Input == SamplerState.X).Select(row => MathF.Round(row.Time)), 1],
            recorded.Floats("timestep_map"));
    }
}
