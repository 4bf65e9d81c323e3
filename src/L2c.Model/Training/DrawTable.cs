using L2c.Kernels;
using L2c.Model.Caching;
using L2c.Model.Samplers;

namespace L2c.Model.Training;

/// <summary>
/// The draws of router training that a sampler gives: one for each evaluation that may reuse. It begins where the sampler holds nothing but x, takes the
/// sampler's own evaluations and updates from there, and compares student and teacher at the evaluation that may reuse. Where the student is given a
/// forecast in place of the latest outputs, it begins early enough to compute all that the forecast weighs.
/// </summary>
/// <remarks>
/// DDIM: one evaluation leads there. A singlestep solver of order 2: two, a whole step. Times of the comparison are rounded to timesteps that the network
/// was trained at, and so is the noise that a draw begins with: of an evaluation between two timesteps neither is exactly the sampler's.
/// Source: Learning-to-Cache (arXiv 2406.01733), section 3.3; the published training scripts, of U-ViT train_router_discrete.py.
/// </remarks>
public sealed class DrawTable
{
    private readonly NoiseSchedule _process;
    private readonly IReadOnlyList<int> _caches;
    private readonly int[] _leads;

    /// <summary>Finds the draws.</summary>
    /// <param name="sampler">Deterministic, of steps that are alike.</param>
    /// <param name="process">What the network was trained to remove, all its timesteps.</param>
    /// <param name="forecast">What branches contribute that are not computed; null for their latest outputs.</param>
    /// <exception cref="ArgumentException">No evaluation may reuse, the sampler draws noise, not all draws begin alike, or the forecast is not of
    /// every branch of every evaluation that may reuse, by outputs of the others.</exception>
    public DrawTable(SamplerTable sampler, NoiseSchedule process, CacheSchedule? forecast = null)
    {
        (Sampler, _process, _caches, Forecast) = (sampler, process, sampler.CacheEvaluations, forecast);
        if (_caches.Count == 0)
        {
            throw new ArgumentException(
                $"a router needs an evaluation to cache from and one to cache in; {sampler.Name} makes {sampler.Evaluations.Count} and reuses in none");
        }

        RequireForecasts();
        _leads = [.. _caches.Select((evaluation, draw) => evaluation - sampler.BeginOf(evaluation, Sources(draw).Min()))];
        Lead = _leads.Max();
        for (int draw = 0; draw < Count; draw++)
        {
            bool isAlike = (forecast is not null || _leads[draw] == Lead)
                && Enumerable.Range(1, _leads[draw]).All(back => Input(_caches[draw] - back) == InputBefore(back));
            if (!isAlike || Input(_caches[draw]) != SamplerState.X || sampler.Evaluations.Any(row => row.UsesNoise))
            {
                throw new ArgumentException(
                    $"routers are trained with a sampler that draws no noise and whose steps begin with x alone, and {sampler.Name} is not one; use ddim or dpm-solver++:2s");
            }
        }

        SamplerState Input(int evaluation) => sampler.Evaluations[evaluation].Prediction.Input;
    }

    /// <summary>The sampler that the router is for.</summary>
    public SamplerTable Sampler { get; }

    /// <summary>Number of draws.</summary>
    public int Count => _caches.Count;

    /// <summary>What branches contribute that are not computed; null for their latest outputs.</summary>
    public CacheSchedule? Forecast { get; }

    /// <summary>Evaluations of a draw before the one that may reuse: of the longest one.</summary>
    public int Lead { get; }

    /// <summary>Evaluations of a draw before the one that may reuse.</summary>
    public int LeadOf(int draw) => _leads[draw];

    /// <summary>The evaluation of the sampler where a draw begins.</summary>
    public int Begin(int draw) => _caches[draw] - _leads[draw];

    /// <summary>How many evaluations before the one that may reuse outputs are kept of, in any draw; the latest first.</summary>
    internal IReadOnlyList<int> Kept =>
        [.. Enumerable.Range(0, Count).SelectMany(draw => Sources(draw).Select(source => _caches[draw] - source)).Distinct().Order()];

    /// <summary>The forecast of a branch: how many evaluations before lies what is weighed, and the weight.</summary>
    internal IReadOnlyList<(int Back, float Weight)> Terms(int draw, int branch) =>
        [.. Forecast!.Terms(_caches[draw], branch).Select(term => (_caches[draw] - term.Evaluation, term.Weight))];

    /// <summary>The state that the network reads so many evaluations before the one that may reuse.</summary>
    internal SamplerState InputBefore(int back) =>
        Sampler.Evaluations[_caches[Array.IndexOf(_leads, Lead)] - back].Prediction.Input;

    /// <summary>The evaluation of the sampler that may reuse.</summary>
    public SamplerEvaluation Cache(int draw) => Sampler.Evaluations[_caches[draw]];

    /// <summary>The row of a router that a draw trains.</summary>
    public int RouterRow(int draw) => Cache(draw).RouterRow;

    /// <summary>What the network is given: in the <see cref="Lead"/> evaluations that lead to the comparison, of which a shorter draw takes the last
    /// ones alone, and in it.</summary>
    public float[] Times(int draw) =>
    [
        .. Enumerable.Range(_caches[draw] - Lead, Lead).Select(e => Sampler.Evaluations[Math.Max(e, Begin(draw))].Time),
        MathF.Round(Cache(draw).Time),
    ];

    /// <summary>Makes the x that a draw begins with from data, see <see cref="NoiseSchedule.AddNoise"/>.</summary>
    public void AddNoise(int draw, ReadOnlySpan<float> x0, ReadOnlySpan<float> noise, Span<float> noised) =>
        _process.AddNoise((int)MathF.Round(Sampler.Evaluations[Begin(draw)].Time) - _process.TimestepMap[0], x0, noise, noised);

    /// <summary>The square of the slope, by eps, of the state that the evaluation of a comparison leads to.</summary>
    internal double SquaredSlope(int draw)
    {
        int next = _caches[draw] + 1;
        SamplerState state = next < Sampler.Evaluations.Count ? Sampler.Evaluations[next].Prediction.Input : SamplerState.X;
        SamplerEvaluation row = Cache(draw);
        return Math.Pow(Array.Find(row.Updates, update => update.Target == state).SlopeOfEps(row.Prediction), 2);
    }

    // The evaluations whose outputs a draw reads.
    private IEnumerable<int> Sources(int draw) => Forecast is null
        ? [_caches[draw] - 1]
        : Enumerable.Range(0, Forecast.Branches).SelectMany(branch => Forecast.Terms(_caches[draw], branch))
            .Select(term => term.Evaluation).Distinct();

    private void RequireForecasts()
    {
        if (Forecast is null)
        {
            return;
        }

        if (Forecast.Evaluations != Sampler.Evaluations.Count)
        {
            throw new ArgumentException(
                $"the schedule has {Forecast.Evaluations} evaluations, but {Sampler.Name} makes {Sampler.Evaluations.Count}; "
                + "fit one for as many steps");
        }

        foreach (int evaluation in _caches)
        {
            int wrong = Enumerable.Range(0, Forecast.Branches).FirstOrDefault(
                branch => Forecast.Computes(evaluation, branch) || Forecast.Terms(evaluation, branch).IsEmpty
                    || Forecast.Terms(evaluation, branch).Any(term => _caches.Contains(term.Evaluation)),
                -1);
            if (wrong >= 0)
            {
                throw new ArgumentException(
                    $"in evaluation {evaluation} the schedule has no forecast of {CacheSchedule.BranchName(wrong)} by evaluations that compute "
                    + "everything; fit one with l2c fit-forecast --cache all");
            }
        }
    }
}
