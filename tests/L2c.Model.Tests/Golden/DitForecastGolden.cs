using System.Globalization;
using L2c.Kernels;
using L2c.Model.Caching;
using L2c.Model.Networks.Dit;
using L2c.Model.Runs;
using L2c.Model.Samplers;
using L2c.Testing.Golden;
using L2c.Weights.Layouts;

namespace L2c.Model.Tests.Golden;

/// <summary>Kind "forecast_sample": a run whose rule repeats or forecasts whole evaluations; factors and branches are formed from kept outputs.</summary>
internal static class DitForecastGolden
{
    private const string Factors = "factors_step", Branches = "branches_first";

    public static GoldenResult Run(GoldenCase golden, Device device, GoldenFault fault = GoldenFault.None)
    {
        var result = new GoldenResult(golden);
        using GoldenTensors recorded = golden.Open();
        DitArchitecture architecture = DitGolden.Architecture(golden);
        using DitModel model = DitGolden.Load(golden, device);
        SamplerTable sampler = DitSampleGolden.SamplerOf(golden, architecture);
        int evaluations = sampler.Evaluations.Count;
        CacheSchedule schedule = Schedule(golden, evaluations, architecture.Branches, fault);
        float? scale = DitSampleGolden.GuidanceScale(golden);
        int[] labels = recorded.Ints("y");
        int images = scale is null ? labels.Length : labels.Length / 2;
        result.CompareExactly<long>("t_index", [.. sampler.Evaluations.Select(s => (long)s.RouterRow)], recorded.Longs("t_index"));
        result.CompareExactly<long>("t_model", [.. sampler.Evaluations.Select(s => (long)s.Time)], recorded.Longs("t_model"));
        if (IsTaylor(golden))
        {
            result.CompareExactly<long>("n_factors", StoredFactors(golden, schedule), recorded.Longs("n_factors"));
        }

        var options = new SamplingOptions
        {
            Guidance = DitSampleGolden.GuidanceOf(golden, scale),
            ClipDenoised = golden.Case.GetProperty("clip_denoised").GetBoolean(),
            KeepPredictions = true,
        };
        using SamplingRun run = SamplingRun.Plan(model, sampler, schedule, images, options);
        string[] formed = [.. golden.Case.GetProperty("bounds").EnumerateObject().Select(b => b.Name).Where(IsFormed)];
        var compared = new DitSampleGolden.StepComparison(result, recorded, run, formed);
        int[,] executed = new int[evaluations, architecture.Branches];
        var outputs = new Dictionary<(int Evaluation, int Branch), double[]>();
        run.Run(
            labels.AsSpan(0, images),
            scale ?? 1,
            new DitSampleGolden.RecordedNoise(recorded),
            compared.AfterEvaluation,
            (in OpInfo op, long _, long _) => AfterOp(op));
        result.CompareExactly<long>("computed", DitCachedGolden.Computed(executed), recorded.Longs("computed"));
        foreach (string name in formed)
        {
            int number = int.Parse(name[(name.StartsWith(Factors, StringComparison.Ordinal) ? Factors : Branches).Length..], CultureInfo.InvariantCulture);
            double[] actual = name.StartsWith(Factors, StringComparison.Ordinal)
                ? [.. FactorsAfter(number)]
                : [.. BranchesOfFirst(number)];
            result.Compare(name, Array.ConvertAll(actual, value => (float)value), recorded.Doubles(name));
        }

        return result;

        // A branch's second product has written its output.
        void AfterOp(in OpInfo op)
        {
            if (op.Name == nameof(Device.Linear) && op.Scope.Branch >= 0 && ++executed[op.Scope.Evaluation, op.Scope.Branch] == 2)
            {
                Tensor output = run.BranchTerms(op.Scope.Evaluation, op.Scope.Branch)[0].Source;
                float[] values = new float[output.Shape.Count];
                device.Download(output, values);
                outputs.Add((op.Scope.Evaluation, op.Scope.Branch), Array.ConvertAll(values, value => (double)value));
            }
        }

        // [block, branch, order]: divided differences over the refreshes up to that evaluation, each by the latest gap.
        IEnumerable<double> FactorsAfter(int evaluation) => Enumerable.Range(0, architecture.Branches).SelectMany(branch =>
        {
            double[][] factors = [];
            int last = 0;
            for (int e = 0; e <= evaluation; e++)
            {
                if (outputs.TryGetValue((e, branch), out double[]? fresh))
                {
                    List<double[]> next = [fresh];
                    foreach (double[] before in factors.Take(golden.Case.GetProperty("max_order").GetInt32()))
                    {
                        next.Add([.. next[^1].Zip(before, (now, then) => (now - then) / (last - e))]);
                    }

                    (factors, last) = ([.. next], e);
                }
            }

            return factors.SelectMany(factor => factor);
        });

        // [evaluation, first and last block, branch].
        IEnumerable<double> BranchesOfFirst(int count) =>
            from evaluation in Enumerable.Range(0, count)
            from branch in (int[])[0, 1, architecture.Branches - 2, architecture.Branches - 1]
            let sum = schedule.Terms(evaluation, branch).Select(term => outputs[(term.Evaluation, branch)].Select(value => term.Weight * value))
            from value in sum.Aggregate((a, b) => a.Zip(b, (x, y) => x + y))
            select value;
    }

    /// <summary>Whether a fault changes anything in this case.</summary>
    public static bool Sees(GoldenCase golden, GoldenFault fault) => fault switch
    {
        GoldenFault.GateTwice => true,
        GoldenFault.WeightsSwapped => IsTaylor(golden) && golden.Case.GetProperty("max_order").GetInt32() > 0,
        GoldenFault.WrongRefresh => IsTaylor(golden),
        GoldenFault.AnchoredAtTheFirst => !IsTaylor(golden),
        _ => false,
    };

    private static bool IsTaylor(GoldenCase golden) => golden.Case.GetProperty("method").GetString() == "taylor";

    private static bool IsFormed(string name) =>
        name.StartsWith(Factors, StringComparison.Ordinal) || name.StartsWith(Branches, StringComparison.Ordinal);

    private static CacheSchedule Schedule(GoldenCase golden, int evaluations, int branches, GoldenFault fault)
    {
        int interval = golden.Case.GetProperty("interval").GetInt32();
        string rule = IsTaylor(golden) ? $"taylor:{interval}:{golden.Case.GetProperty("max_order").GetInt32()}"
            : fault == GoldenFault.AnchoredAtTheFirst ? $"interval:{interval}"
            : $"fora:{interval}";
        EvaluationRole[] roles = [.. Enumerable.Repeat(EvaluationRole.Refresh, evaluations)];
        CacheSchedule schedule = ScheduleRule.Parse(rule, roles, branches);
        return fault switch
        {
            GoldenFault.WeightsSwapped => Forecasting(terms => terms is [var first, var second, ..]
                ? [first with { Weight = second.Weight }, second with { Weight = first.Weight }, .. terms.Skip(2)]
                : terms),
            GoldenFault.WrongRefresh => Forecasting(FromTheRefreshBefore),
            _ => schedule,
        };

        // Where the refresh before has a term already, its weight grows by the first one's.
        IReadOnlyList<CacheTerm> FromTheRefreshBefore(IReadOnlyList<CacheTerm> terms) =>
        [
            .. terms.Select((term, i) => i == 0 ? term with { Evaluation = RefreshBefore(term.Evaluation) } : term)
                .GroupBy(term => term.Evaluation)
                .Select(same => new CacheTerm(same.Key, same.Sum(term => term.Weight))),
        ];

        int RefreshBefore(int evaluation) =>
            Enumerable.Range(0, Math.Max(evaluation, 1)).Last(e => schedule.Role(e) == EvaluationRole.Refresh);

        CacheSchedule Forecasting(Func<IReadOnlyList<CacheTerm>, IReadOnlyList<CacheTerm>> change) => new(
            [.. Enumerable.Range(0, evaluations).Select(schedule.Role)],
            [.. Enumerable.Range(0, evaluations).Select(e => Enumerable.Range(0, branches).Select(b => schedule.Computes(e, b)).ToArray())],
            forecast: (e, b) => change(schedule.Terms(e, b)));
    }

    /// <summary>Factors after each evaluation: as many as a forecast then has terms.</summary>
    private static long[] StoredFactors(GoldenCase golden, CacheSchedule schedule)
    {
        int limit = golden.Case.GetProperty("max_order").GetInt32() + 1, refreshes = 0;
        List<long> factors = [];
        for (int e = 0; e < schedule.Evaluations; e++)
        {
            refreshes += schedule.Role(e) == EvaluationRole.Refresh ? 1 : 0;
            for (int b = 0; b < schedule.Branches; b++)
            {
                factors.Add(schedule.Computes(e, b) ? Math.Min(refreshes, limit) : schedule.Terms(e, b).Length);
            }
        }

        return [.. factors];
    }
}
