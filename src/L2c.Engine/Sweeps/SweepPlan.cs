using System.Globalization;
using L2c.Kernels;
using L2c.Model.Accounting;
using L2c.Model.Networks;
using L2c.Model.Samplers;
using L2c.Weights.Layouts;

namespace L2c;

/// <summary>
/// The rows of a sweep: no caching, the learned schedules, and each rule at the compute of each of them, known before anything is sampled.
/// </summary>
/// <remarks>
/// A rule is matched by the parameter whose run has the nearest MACs. Parameters that do not reuse anything, and rows that are there already (a rule
/// with few parameters meets several compute points with the same one), are left out.
/// </remarks>
public sealed class SweepPlan
{
    private static readonly double[] _defaultRatios = [0.9, 0.8, 0.7, 0.6];

    private readonly SampleRequest _base;
    private readonly DType? _type;
    private readonly TransformerArchitecture _architecture;
    private readonly DeviceChoice _device;
    private readonly NetworkCost _network;
    private readonly List<SweepRow> _rows = [];

    /// <summary>Plans.</summary>
    /// <exception cref="RequestException">A router or rule does not fit the model or the steps, or the request cannot be swept.</exception>
    /// <exception cref="Weights.MalformedFileException">A router is damaged.</exception>
    public SweepPlan(SweepRequest request, TransformerArchitecture architecture, DeviceChoice device)
    {
        _type = request.Sample.Cache.Type;
        (_base, _architecture, _device) = (PixelSamples.RequestOf(request.Sample, architecture) with { Cache = new CacheRequest() }, architecture, device);
        _network = NetworkCost.Of(architecture);
        Uncached = Add("none", "", _base)!;
        if (request.Routers.Count == 0)
        {
            (CacheRequest cache, Remark) = DemoModel.Complete(request.Sample.Cache, architecture, Uncached.Job.Sampler);
            request = request with { Routers = cache.Router is { } demo ? [demo] : [] };
        }

        if (request.Thresholds is not null && request.Routers.Count == 0)
        {
            throw new RequestException("--thresholds applies to routers; give --router FILE");
        }

        Request = request;
        foreach (string router in request.Routers)
        {
            foreach (double? threshold in request.Thresholds?.Select(value => (double?)value) ?? [null])
            {
                SampleRequest learned = _base with { Cache = new CacheRequest { Router = router, Threshold = threshold, Type = _type } };
                double used = threshold ?? NetworkFamilies.Of(architecture).Recipe(architecture, Uncached.Steps).Threshold;
                _ = Add("learned", string.Create(CultureInfo.InvariantCulture, $"{Path.GetFileName(router)}@{used}"), learned);
            }
        }

        IEnumerable<double> ratios = request.MacRatios.Count > 0 || request.Routers.Count > 0 ? request.MacRatios : _defaultRatios;
        long[] points =
        [
            .. _rows.Skip(1).Where(row => row.Macs < Uncached.Macs).Select(row => row.Macs)
                .Concat(ratios.Select(ratio => (long)(ratio * Uncached.Macs))).Distinct().OrderDescending(),
        ];
        foreach (string rule in request.Rules)
        {
            if (rule.Contains(':', StringComparison.Ordinal))
            {
                Add(rule);
            }
            else
            {
                AddMatched(rule, points);
            }
        }
    }

    /// <summary>What was asked for, with the demo model's router where it is used without being named.</summary>
    public SweepRequest Request { get; }

    /// <summary>What a person should know of that, one line; null for nothing.</summary>
    public string? Remark { get; }

    /// <summary>The run that computes everything, which is the first row.</summary>
    public SweepRow Uncached { get; }

    /// <summary>All rows, in the order in which they are run.</summary>
    public IReadOnlyList<SweepRow> Rows => _rows;

    /// <summary>What the rows take beside the weights; the data, which are not open yet, come on top.</summary>
    public MemoryDemand Demand => new(
        "the sweep",
        (device, batch) => SampleMemory.OfSweep([.. _rows.Select(row => row.Job)], device, batch),
        Uncached.Job.Batch,
        "--batch");

    private void AddMatched(string family, long[] points)
    {
        List<(long Macs, Action Add)> candidates = [];
        if (family == RuleFamily.Steps)
        {
            string word = _base.Steps.StartsWith("ddim", StringComparison.Ordinal) ? "ddim" : "";
            for (int steps = Uncached.Steps - 1; steps > 0; steps--)
            {
                string text = string.Create(CultureInfo.InvariantCulture, $"{word}{steps}");
                if (!Makes(text, steps))
                {
                    continue; // a solver whose steps take several evaluations
                }

                SampleRequest fewer = _base with { Steps = text, Cache = new CacheRequest() };
                candidates.Add((steps * _network.Evaluation, () => Add(RuleFamily.Steps, text, fewer)));
            }
        }
        else
        {
            candidates.AddRange(RuleFamily.Candidates(family, Uncached.Steps, _architecture.Blocks)
                .Select(rule => (Cost(new SampleJob(WithRule(rule), _architecture, _device)).MacsAfter, (Action)(() => Add(rule))))
                .Where(candidate => candidate.MacsAfter < Uncached.Macs));
        }

        foreach (long point in points.Where(_ => candidates.Count > 0))
        {
            candidates.MinBy(candidate => Math.Abs(candidate.Macs - point)).Add();
        }
    }

    private bool Makes(string text, int evaluations)
    {
        try
        {
            NetworkInfo network = NetworkFamilies.Describe(_architecture);
            return SamplerCatalog.Create(network, text, _base.Sampler).Evaluations.Count == evaluations;
        }
        catch (ArgumentException)
        {
            return false; // no integer stride gives so many
        }
    }

    private void Add(string rule)
    {
        int colon = rule.IndexOf(':', StringComparison.Ordinal);
        _ = Add(rule[..colon], rule[(colon + 1)..], WithRule(rule));
    }

    private SampleRequest WithRule(string rule) => _base with { Cache = new CacheRequest { Rule = rule, Type = _type } };

    private SweepRow? Add(string rule, string parameter, SampleRequest request)
    {
        SampleJob job = new(request, _architecture, _device);
        SweepRow row = new(rule, parameter, job, Cost(job));
        if (_rows.Exists(other => (other.Rule, other.Parameter, other.Steps) == (row.Rule, row.Parameter, row.Steps)))
        {
            return null;
        }

        _rows.Add(row);
        return row;
    }

    private RunCost Cost(SampleJob job) => new(job.Schedule, _network);
}
