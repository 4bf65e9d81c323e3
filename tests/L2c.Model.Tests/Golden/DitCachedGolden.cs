using L2c.Kernels;
using L2c.Model.Caching;
using L2c.Model.Networks.Dit;
using L2c.Model.Runs;
using L2c.Model.Samplers;
using L2c.Testing;
using L2c.Testing.Golden;
using L2c.Weights;
using L2c.Weights.Layouts;

namespace L2c.Model.Tests.Golden;

/// <summary>Kind "cached_sample": a run with a router's schedule; which branches ran is counted where the device executes them.</summary>
internal static class DitCachedGolden
{
    private const string BranchesOfFirst = "branches_first4";

    public static string RouterFile(GoldenCase golden) => Path.Combine(
        RepositoryPaths.Checkpoints ?? Path.Combine(golden.Folder, "..", "checkpoints"),
        golden.Case.GetProperty("router").GetString()!);

    public static GoldenResult Run(GoldenCase golden, Device device)
    {
        var result = new GoldenResult(golden);
        using GoldenTensors recorded = golden.Open();
        DitArchitecture architecture = DitGolden.Architecture(golden);
        using DitModel model = DitGolden.Load(golden, device);
        SamplerTable sampler = DitSampleGolden.SamplerOf(golden, architecture);
        int evaluations = sampler.Evaluations.Count, branches = 2 * architecture.Depth;
        CacheSchedule schedule = Schedule(golden, sampler);
        float? scale = DitSampleGolden.GuidanceScale(golden);
        int[] labels = recorded.Ints("y");
        int images = scale is null ? labels.Length : labels.Length / 2;

        result.CompareExactly<long>("t_model", [.. sampler.Evaluations.Select(s => (long)s.Time)], recorded.Longs("t_model"));
        result.CompareExactly<long>("router_index", [.. sampler.Evaluations.Select(s => (long)s.RouterRow)], recorded.Longs("router_index"));
        result.CompareExactly<long>(
            "is_full_step",
            [.. Enumerable.Range(0, evaluations).Select(e => schedule.Role(e) == EvaluationRole.Refresh ? 1L : 0L)],
            recorded.Longs("is_full_step"));

        var options = new SamplingOptions
        {
            Guidance = DitSampleGolden.GuidanceOf(golden, scale),
            ClipDenoised = golden.Case.GetProperty("clip_denoised").GetBoolean(),
            KeepPredictions = true,
        };
        using SamplingRun run = SamplingRun.Plan(model, sampler, schedule, images, options);
        var compared = new DitSampleGolden.StepComparison(result, recorded, run, [BranchesOfFirst]);
        var executed = new int[evaluations, branches];
        run.Run(labels.AsSpan(0, images), scale ?? 1, new DitSampleGolden.RecordedNoise(recorded), compared.AfterEvaluation, (in OpInfo op, long _, long _) => CountGemms(op));
        result.CompareExactly<long>("computed", Computed(executed), recorded.Longs("computed"));
        if (golden.Case.GetProperty("bounds").TryGetProperty(BranchesOfFirst, out _))
        {
            CompareBranches(result, recorded, run, labels.AsSpan(0, images).ToArray(), scale ?? 1);
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

    public static CacheSchedule Schedule(GoldenCase golden, SamplerTable sampler)
    {
        using TensorFile file = TensorFiles.Open(RouterFile(golden));
        RouterLogits router = RouterLogits.Load(file);
        return RouterSchedule.From(router, golden.Case.GetProperty("threshold").GetDouble(), sampler);
    }

    /// <summary>A computed branch runs exactly two GEMMs, a reused one none; anything else counts as 2, which no recording holds.</summary>
    internal static long[] Computed(int[,] gemms) => [.. gemms.Cast<int>().Select(count => count switch { 2 => 1L, 0 => 0L, _ => 2L })];

    /// <summary>The branch outputs that the first evaluations used, fresh or reused: read from where the plan put them.</summary>
    private static void CompareBranches(GoldenResult result, GoldenTensors recorded, SamplingRun run, int[] labels, float scale)
    {
        double[] expected = recorded.Doubles(BranchesOfFirst);
        long[] shape = recorded.Shape(BranchesOfFirst); // [evaluation, block, 2, B, T, C]
        int branchLength = (int)(shape[3] * shape[4] * shape[5]), evaluations = (int)shape[0];
        float[] actual = new float[expected.Length];
        var branches = new BranchReader(run, (evaluation, branch, values) =>
        {
            if (evaluation < evaluations)
            {
                values.CopyTo(actual.AsSpan(((evaluation * (int)shape[1] * 2) + branch) * branchLength));
            }
        });
        run.Run(labels, scale, new DitSampleGolden.RecordedNoise(recorded), observer: (in OpInfo op, long _, long _) => branches.OnOp(op));
        for (int e = 0; e < evaluations; e++)
        {
            int length = (int)shape[1] * 2 * branchLength;
            result.Compare(BranchesOfFirst, actual.AsSpan(e * length, length), expected.AsSpan(e * length, length), e);
        }
    }

    /// <summary>Reads each branch's output as soon as its evaluation has passed it.</summary>
    private sealed class BranchReader(SamplingRun run, Action<int, int, float[]> read)
    {
        private readonly HashSet<(int, int)> _seen = [];

        public void OnOp(in OpInfo op)
        {
            (int evaluation, int branch) = (op.Scope.Evaluation, op.Scope.Branch);
            bool secondGemm = op.Name == nameof(Device.Linear) && branch >= 0 && !_seen.Add((evaluation, branch));
            if (secondGemm)
            {
                Read(evaluation, branch);
            }

            // Reused outputs have not changed since they were computed: read them when the evaluation ends.
            if (op.Name == nameof(Device.SamplerUpdate))
            {
                for (int b = 0; b < run.Schedule.Branches; b++)
                {
                    if (run.Schedule.Action(evaluation, b) == BranchAction.Reuse)
                    {
                        Read(evaluation, b);
                    }
                }
            }
        }

        private void Read(int evaluation, int branch)
        {
            Tensor output = run.BranchTerms(evaluation, branch)[0].Source;
            float[] values = new float[output.Shape.Count];
            run.Model.Device.Download(output, values);
            read(evaluation, branch, values);
        }
    }
}
