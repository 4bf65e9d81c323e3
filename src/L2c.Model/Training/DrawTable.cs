using L2c.Kernels;
using L2c.Model.Samplers;

namespace L2c.Model.Training;

/// <summary>
/// The draws of router training that a sampler gives: one for each evaluation that may reuse. It begins where the sampler holds nothing but x, takes the
/// sampler's own evaluations and updates from there, and compares student and teacher at the evaluation that may reuse.
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

    /// <summary>Finds the draws.</summary>
    /// <param name="sampler">Deterministic, of steps that are alike.</param>
    /// <param name="process">What the network was trained to remove, all its timesteps.</param>
    /// <exception cref="ArgumentException">No evaluation may reuse, the sampler draws noise, or not all draws begin alike.</exception>
    public DrawTable(SamplerTable sampler, NoiseSchedule process)
    {
        (Sampler, _process, _caches) = (sampler, process, sampler.CacheEvaluations);
        if (_caches.Count == 0)
        {
            throw new ArgumentException(
                $"a router needs an evaluation to cache from and one to cache in; {sampler.Name} makes {sampler.Evaluations.Count} and reuses in none");
        }

        Lead = _caches[0] - sampler.BeginOf(_caches[0]);
        foreach (int evaluation in _caches)
        {
            bool isAlike = evaluation - sampler.BeginOf(evaluation) == Lead
                && Enumerable.Range(1, Lead).All(back => Input(evaluation - back) == Input(_caches[0] - back));
            if (!isAlike || Input(evaluation) != SamplerState.X || sampler.Evaluations.Any(row => row.UsesNoise))
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

    /// <summary>Evaluations of a draw before the one that may reuse.</summary>
    public int Lead { get; }

    /// <summary>The evaluation of the sampler where a draw begins.</summary>
    public int Begin(int draw) => _caches[draw] - Lead;

    /// <summary>The evaluation of the sampler that may reuse.</summary>
    public SamplerEvaluation Cache(int draw) => Sampler.Evaluations[_caches[draw]];

    /// <summary>The row of a router that a draw trains.</summary>
    public int RouterRow(int draw) => Cache(draw).RouterRow;

    /// <summary>What the network is given: in the evaluations that lead to the comparison, and in it.</summary>
    public float[] Times(int draw) =>
        [.. Enumerable.Range(Begin(draw), Lead).Select(e => Sampler.Evaluations[e].Time), MathF.Round(Cache(draw).Time)];

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
}
