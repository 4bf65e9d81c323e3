using L2c.Kernels;
using L2c.Model.Caching;
using L2c.Model.Calibration;
using L2c.Model.Networks.Dit;
using L2c.Model.Runs;
using L2c.Model.Samplers;
using L2c.Testing.Golden;
using L2c.Weights.Layouts;

namespace L2c.Model.Tests.Golden;

/// <summary>Kind "smoothcache_calibration": errors of every block and distance, their means, and the masks that thresholds give.</summary>
internal static class SmoothCacheCalibrationGolden
{
    private static readonly string[] _components = ["attn", "mlp"];

    public static GoldenResult Run(GoldenCase golden, Device device, GoldenFault fault = GoldenFault.None)
    {
        var result = new GoldenResult(golden);
        using GoldenTensors recorded = golden.Open();
        DitArchitecture architecture = DitGolden.Architecture(golden);
        using DitModel model = DitGolden.Load(golden, device);
        SamplerTable sampler = DitSampleGolden.SamplerOf(golden, architecture);
        int steps = sampler.Evaluations.Count, lookahead = golden.Case.GetProperty("lookahead").GetInt32();
        float? scale = DitSampleGolden.GuidanceScale(golden);
        int[] labels = recorded.Ints("y");
        int images = scale is null ? labels.Length : labels.Length / 2;
        result.CompareExactly<long>("t_model", [.. sampler.Evaluations.Select(s => (long)s.Time)], recorded.Longs("t_model"));

        CalibrationMethod method = CalibrationMethod.Find("smoothcache")!;
        var settings = new CalibrationSettings { Lookahead = lookahead };
        ICalibrationMeter meter = method.Measure(architecture, steps, settings);
        var outputs = new BranchOutputs();
        var options = new SamplingOptions
        {
            Guidance = DitSampleGolden.GuidanceOf(golden, scale),
            ClipDenoised = golden.Case.GetProperty("clip_denoised").GetBoolean(),
        };
        using (Trajectory trajectory = Trajectory.Plan(model, sampler, images, options))
        {
            trajectory.Run(
                labels.AsSpan(0, images), scale ?? 1, new DitSampleGolden.RecordedNoise(recorded), IsOfErrors(fault) ? outputs : meter);
        }

        IReadOnlyDictionary<string, double[]> figures =
            IsOfErrors(fault) ? Wrong(outputs, architecture.Branches, steps, lookahead, fault) : meter.Figures;
        var table = new CalibrationTable(method.Name, architecture.Name, sampler.Name, steps, architecture.Branches, images, figures);
        for (int c = 0; c < _components.Length; c++)
        {
            double[][] means = SmoothCache.Means(table, c, lookahead);
            for (int r = 1; r <= lookahead; r++)
            {
                IEnumerable<double> errors = Enumerable.Range(0, architecture.Depth).SelectMany(b => figures[SmoothCache.NameOf((2 * b) + c, r)]);
                string row = $"{_components[c]}_row{r}";
                result.Compare($"error_{row}", errors.ToArray(), recorded.Doubles($"error_{row}"));
                result.Compare($"mean_{row}", means[r - 1], recorded.Doubles($"mean_{row}"));
            }

            // The recorded thresholds are nearer to an error than halves compute it.
            if (device.StorageType == DType.F32)
            {
                long[] masks = [.. Thresholds(golden).SelectMany(alpha => fault == GoldenFault.ErrorsAddedUp
                    ? (IEnumerable<long>)AddingUp(steps, means, alpha)
                    : Mask(method, table, settings, alpha, c))];
                result.CompareExactly<long>($"schedule_{_components[c]}", masks, recorded.Longs($"schedule_{_components[c]}"));
            }
        }

        return result;
    }

    private static bool IsOfErrors(GoldenFault fault) => fault is GoldenFault.DividedByTheEarlier or GoldenFault.DistanceOne;

    private static double[] Thresholds(GoldenCase golden) =>
        [.. golden.Case.GetProperty("thresholds").EnumerateArray().Select(value => value.GetDouble())];

    private static IEnumerable<long> Mask(CalibrationMethod method, CalibrationTable table, CalibrationSettings settings, double alpha, int component)
    {
        CacheSchedule schedule = method.Decide(table, alpha, settings);
        return Enumerable.Range(0, table.Steps).Select(e => schedule.Computes(e, component) ? 1L : 0L);
    }

    /// <summary>The rule with the sum of the errors of all evaluations that would reuse in the place of the last one's.</summary>
    private static long[] AddingUp(int steps, double[][] means, double alpha)
    {
        long[] computes = new long[steps];
        for (int s = 0; s < steps;)
        {
            int r = Math.Min(means.Length, steps - 1 - s);
            while (r > 0 && Enumerable.Range(0, r).Sum(i => means[i][s]) > alpha)
            {
                r--;
            }

            computes[s] = 1;
            s += r + 1;
        }

        computes[0] = computes[^1] = 1;
        return computes;
    }

    private static Dictionary<string, double[]> Wrong(BranchOutputs outputs, int branches, int steps, int lookahead, GoldenFault fault)
    {
        var figures = new Dictionary<string, double[]>();
        for (int branch = 0; branch < branches; branch++)
        {
            for (int r = 1; r <= lookahead; r++)
            {
                (int b, int distance) = (branch, r);
                figures.Add(SmoothCache.NameOf(b, r), [.. Enumerable.Range(0, steps - r).Select(k => Error(b, k, k + distance))]);
            }
        }

        return figures;

        double Error(int branch, int earlier, int later)
        {
            float[] y = outputs.Of(later, branch), x = outputs.Of(fault == GoldenFault.DistanceOne ? later - 1 : earlier, branch);
            float[] whole = fault == GoldenFault.DividedByTheEarlier ? x : y;
            return x.Zip(y, (one, other) => Math.Abs((double)one - other)).Sum() / whole.Sum(value => Math.Abs((double)value));
        }
    }

    private sealed class BranchOutputs : ITrajectoryReader
    {
        private readonly Dictionary<(int Evaluation, int Branch), float[]> _outputs = [];

        public void Branch(int evaluation, int branch, ReadOnlySpan<float> output) => _outputs.Add((evaluation, branch), output.ToArray());

        public float[] Of(int evaluation, int branch) => _outputs[(evaluation, branch)];
    }
}
