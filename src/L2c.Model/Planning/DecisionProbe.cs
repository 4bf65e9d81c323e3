using L2c.Kernels;
using L2c.Model.Caching;
using L2c.Model.Networks;
using L2c.Model.Randomness;
using L2c.Model.Runs;
using L2c.Model.Samplers;

namespace L2c.Model.Planning;

/// <summary>
/// Measures <see cref="DecisionErrors"/>: uncached runs, evaluation by evaluation, and at each evaluation what would become of it if one branch, or
/// all of them, took the output of the evaluation before. Planned once for N images; <see cref="Run"/> may be called for several batches.
/// </summary>
/// <remarks>
/// A run of T evaluations and S sets of branches takes <see cref="EvaluationsPerRun"/> evaluations: T, S (T - 1) without one set, and the remaining
/// ones after each of those without any branch.
/// </remarks>
public sealed class DecisionProbe : IDisposable
{
    private readonly Arena _arena;
    private readonly SteppedRun _run;
    private readonly OutputGram _gram;
    private readonly IReadOnlyList<IReadOnlyList<int>> _sets;
    private readonly double[] _finalChange;
    private readonly double[,] _change;
    private double _norm;

    private DecisionProbe(RunPlan plan, Arena arena, SteppedRun run)
    {
        (_arena, _run) = (arena, run);
        (int evaluations, int branches) = (plan.Schedule.Evaluations, plan.Schedule.Branches);
        _gram = new OutputGram(evaluations, branches);
        _sets = Sets(branches);
        (_finalChange, _change) = (new double[evaluations], new double[evaluations, _sets.Count]);
    }

    /// <summary>N.</summary>
    public int Images => _run.Plan.Images;

    private int Evaluations => _finalChange.Length;

    /// <summary>Allocates everything.</summary>
    /// <param name="network">It must outlive the result.</param>
    /// <param name="sampler">The sampler.</param>
    /// <param name="images">N, at least 1.</param>
    /// <param name="options">Guidance and clipping.</param>
    /// <exception cref="ArgumentException">As <see cref="SamplingRun.Plan(Network, SamplerTable, int, SamplingOptions)"/>.</exception>
    public static DecisionProbe Plan(Network network, SamplerTable sampler, int images, SamplingOptions options)
    {
        RunPlan plan = PlanOf(network, sampler, images, options);
        (Arena arena, SteppedRun run) = Arena.Carve(network.Device, "probe", memory => SteppedRun.Take(memory, plan));
        try
        {
            run.UploadConstants();
            return new DecisionProbe(plan, arena, run);
        }
        catch
        {
            arena.Dispose();
            throw;
        }
    }

    /// <summary>Bytes that <see cref="Plan"/> would allocate on the device.</summary>
    /// <inheritdoc cref="Plan"/>
    public static long DeviceBytes(Network network, SamplerTable sampler, int images, SamplingOptions options)
    {
        RunPlan plan = PlanOf(network, sampler, images, options);
        return Arena.Count(network.Device, "probe on paper", memory => SteppedRun.Take(memory, plan)).Bytes;
    }

    /// <summary>Bytes that it takes on the host: samples of outputs and their inner products.</summary>
    /// <param name="evaluations">T.</param>
    /// <param name="branches">D.</param>
    public static long HostBytes(int evaluations, int branches) =>
        (long)evaluations * branches * ((OutputGram.SampleLength * sizeof(float)) + (evaluations * sizeof(double)));

    /// <summary>Evaluations of the network in one <see cref="Run"/>.</summary>
    /// <param name="evaluations">T.</param>
    /// <param name="branches">D.</param>
    public static int EvaluationsPerRun(int evaluations, int branches) =>
        evaluations + ((evaluations - 1) * Sets(branches).Count) + ((evaluations - 1) * (evaluations - 2) / 2);

    /// <summary>Adds the runs of a batch.</summary>
    /// <param name="labels">N class labels.</param>
    /// <param name="guidanceScale">s; ignored without guidance.</param>
    /// <param name="noise">Draws are asked for in any order and again, so it must not be a stream.</param>
    /// <param name="afterEvaluation">Called after every evaluation of the network; null for none.</param>
    /// <param name="cancel">Looked at before every evaluation.</param>
    /// <exception cref="OperationCanceledException">It was cancelled; what was added so far is of no use.</exception>
    public void Run(
        ReadOnlySpan<int> labels, float guidanceScale, INoiseSource noise, Action? afterEvaluation = null, CancellationToken cancel = default)
    {
        _run.Start(labels, guidanceScale, noise, afterEvaluation, cancel);
        float[][] finals = new float[Evaluations][]; // after a run that computes no branch of one evaluation
        SteppedState before = _run.NewState(), after = _run.NewState();
        float[] x0 = _run.NewImage(), other = _run.NewImage();
        for (int e = 0; e < Evaluations; e++)
        {
            _run.Save(before);
            _run.Step(e, kept: null, (branch, output) => _gram.Add(e, branch, output));
            if (e == 0)
            {
                continue;
            }

            _run.ReadX0(x0);
            _run.Save(after);
            for (int s = 0; s < _sets.Count; s++)
            {
                _run.Restore(before);
                _run.Step(e, _sets[s].Contains);
                _run.ReadX0(other);
                _change[e, s] += SquaredDistance(x0, other);
            }

            // The last set is the whole network.
            for (int later = e + 1; later < Evaluations; later++)
            {
                _run.Step(later, kept: _ => false);
            }

            finals[e] = _run.NewImage();
            _run.ReadX(finals[e]);
            _run.Restore(after);
        }

        _run.ReadX(x0);
        _norm += SquaredDistance(x0, new float[x0.Length]);
        for (int e = 1; e < Evaluations; e++)
        {
            _finalChange[e] += SquaredDistance(finals[e], x0);
        }
    }

    /// <summary>What the runs so far say.</summary>
    public DecisionErrors Errors()
    {
        int branches = _run.Plan.Schedule.Branches;
        double[,] weights = new double[Evaluations, branches], local = new double[Evaluations, branches];
        Dictionary<(int First, int Last, int Count), double[]> factors = [];
        for (int e = 1; e < Evaluations; e++)
        {
            for (int b = 0; b < branches; b++)
            {
                // An output that does not change from one evaluation to the next has an error of 0 at any weight.
                local[e, b] = _gram.SquaredError(e, b, [new CacheTerm(e - 1)]);
                weights[e, b] = local[e, b] == 0 ? 0 : _change[e, b] / local[e, b];
            }
        }

        for (int s = 0; s < _sets.Count; s++)
        {
            double[] factor = factors[DecisionErrors.Key(_sets[s])] = new double[Evaluations];
            for (int e = 1; e < Evaluations; e++)
            {
                double all = _change[e, _sets.Count - 1], sum = _sets[s].Sum(b => weights[e, b] * local[e, b]);
                factor[e] = all == 0 || sum == 0 ? 0 : _finalChange[e] / all * _change[e, s] / sum / _norm;
            }
        }

        return new DecisionErrors(_gram, weights, factors);
    }

    /// <summary>Frees the memory on the device.</summary>
    public void Dispose() => _arena.Dispose();

    // Each branch first, the whole network last.
    private static IReadOnlyList<IReadOnlyList<int>> Sets(int branches) =>
        [.. BranchGrouping.All(branches).SelectMany(grouping => grouping.Groups).SelectMany(group => group.SkipSets).DistinctBy(DecisionErrors.Key)];

    private static RunPlan PlanOf(Network network, SamplerTable sampler, int images, SamplingOptions options) => RunPlan.Checked(
        network,
        sampler,
        CacheSchedule.Full(sampler.Evaluations.Count, network.Architecture.Branches),
        images,
        options with { KeepPredictions = true, OneSequence = false });

    private static double SquaredDistance(float[] a, float[] b)
    {
        double sum = 0;
        for (int i = 0; i < a.Length; i++)
        {
            double difference = (double)a[i] - b[i];
            sum += difference * difference;
        }

        return sum;
    }
}
