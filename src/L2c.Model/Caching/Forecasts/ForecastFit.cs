using L2c.Model.Calibration;
using L2c.Model.Runs;
using L2c.Weights.Layouts;

namespace L2c.Model.Caching.Forecasts;

/// <summary>
/// Learned linear forecasts: for each branch that a schedule does not compute, weights of its latest computed outputs, by regularised least squares on
/// runs that compute everything. Their schedule runs as any other.
/// </summary>
/// <remarks>
/// For each evaluation and branch apart, over all rows, tokens and channels of the images; both halves of guidance count alike, as they share the
/// weights at run time:
/// <code>
/// a = argmin |r - sum_k a_k D_k|² + ridge tr(G)/(K-1) |a|²        D_k = F_k - F_1, r = y - F_1, G[i,j] = D_i . D_j; F_1 the latest output
/// w = (1 - sum_k a_k, a_2 .. a_K)
/// </code>
/// So the weights have the sum 1: what does not change is forecast exactly. One output alone is reused.
/// Streamed: outputs are kept until their last reader, as in a run, and inner products alone are added up.
/// Source: this project; ridge regression as in Hastie et al. 2009, "The Elements of Statistical Learning", section 3.4.
/// </remarks>
public sealed class ForecastFit
{
    /// <summary>Outputs that a forecast is of unless something else is said.</summary>
    public const int DefaultTerms = 2;

    /// <summary>The ridge unless something else is said.</summary>
    public const double DefaultRidge = 1e-8;

    /// <summary>The least ridge: below it rounding decides.</summary>
    public const double MinRidge = 1e-12;

    private readonly ForecastSources _sources;
    private readonly ForecastReader _fitting, _heldOut;

    /// <summary>Makes room.</summary>
    /// <param name="schedule">Roles and computed branches, without segments; what it reuses, forecasts or drops is forecast anew.</param>
    /// <param name="terms">K, 1 to <see cref="Kernels.ResidualTerm.MaxPerBranch"/>: outputs of a forecast, at most.</param>
    /// <param name="architecture">The network.</param>
    /// <param name="guidance">Of the runs.</param>
    /// <param name="images">N of the largest run.</param>
    /// <exception cref="ArgumentException">
    /// K is out of range, segments are replaced, nothing is left to forecast, or nothing has been computed where it would be.
    /// </exception>
    public ForecastFit(CacheSchedule schedule, int terms, TransformerArchitecture architecture, Guidance guidance, int images)
    {
        _sources = new ForecastSources(schedule, terms);
        int rowLength = architecture.Tokens * architecture.HiddenSize;
        float[][] kept = [.. Enumerable.Range(0, _sources.Slots.Count).Select(_ => new float[guidance.Rows(images) * rowLength])];
        _fitting = new ForecastReader(_sources, kept, rowLength, guidance.Rows(1));
        _heldOut = new ForecastReader(_sources, kept, rowLength, guidance.Rows(1));
    }

    /// <summary>Receives the runs that weights are fitted to, one batch after the other.</summary>
    public ITrajectoryReader Fitting => _fitting;

    /// <summary>Receives the held-out runs, for which errors are reported too.</summary>
    public ITrajectoryReader HeldOut => _heldOut;

    /// <summary>The schedule that reuses the latest outputs as they are.</summary>
    public CacheSchedule Reuse => _sources.Reuse;

    /// <summary>A schedule that keeps and reads what the fitted one will, whose weights mean nothing: for memory and work.</summary>
    /// <param name="schedule">See the constructor.</param>
    /// <param name="terms">See the constructor.</param>
    /// <exception cref="ArgumentException">As the constructor.</exception>
    public static CacheSchedule OnPaper(CacheSchedule schedule, int terms) => new ForecastSources(schedule, terms).Unfitted;

    /// <summary>Host memory of the outputs that are kept, in bytes.</summary>
    /// <inheritdoc cref="ForecastFit(CacheSchedule, int, TransformerArchitecture, Guidance, int)"/>
    public static long KeptBytes(CacheSchedule schedule, int terms, TransformerArchitecture architecture, Guidance guidance, int images) =>
        (long)sizeof(float) * new ForecastSources(schedule, terms).Slots.Count * guidance.Rows(images) * architecture.Tokens * architecture.HiddenSize;

    /// <summary>The schedule with the weights that fit what <see cref="Fitting"/> was shown.</summary>
    /// <param name="ridge">At least <see cref="MinRidge"/>; the larger, the nearer to plain reuse.</param>
    /// <exception cref="ArgumentException">The ridge is out of range, or outputs were not finite.</exception>
    public CacheSchedule Fit(double ridge = DefaultRidge)
    {
        if (!double.IsFinite(ridge) || ridge < MinRidge)
        {
            throw new ArgumentException($"a ridge of {ridge}; give a number of at least {MinRidge}");
        }

        return _sources.With((e, b) => _sources.Of(e, b) is { } sources
            ? [.. sources.Zip(LinearForecast.Weights(Finite(_fitting, e, b), ridge), (source, weight) => new CacheTerm(source, weight))]
            : null);
    }

    /// <summary>Weights and errors of every branch that is not computed, in order of evaluation and branch.</summary>
    /// <param name="forecast">What <see cref="Fit"/> gave.</param>
    /// <exception cref="ArgumentException">Outputs were not finite.</exception>
    public IReadOnlyList<ForecastPlace> Places(CacheSchedule forecast) =>
    [
        .. All().Select(place => new ForecastPlace(
            place.Evaluation,
            place.Branch,
            _sources.Of(place.Evaluation, place.Branch)!,
            Weights(forecast, place),
            Error(_fitting, forecast, [place]),
            Error(_heldOut, forecast, [place]))),
    ];

    /// <summary>Errors of all branches of an evaluation together, or of the whole run.</summary>
    /// <param name="forecast">What <see cref="Fit"/> gave.</param>
    /// <param name="evaluation">Null for the whole run.</param>
    /// <returns>On the images that weights were fitted to, and on others.</returns>
    /// <exception cref="ArgumentException">Outputs were not finite.</exception>
    public (ForecastError Fitted, ForecastError HeldOut) Total(CacheSchedule forecast, int? evaluation = null)
    {
        (int Evaluation, int Branch)[] places = [.. All().Where(place => evaluation is null || place.Evaluation == evaluation)];
        return (Error(_fitting, forecast, places), Error(_heldOut, forecast, places));
    }

    private IEnumerable<(int Evaluation, int Branch)> All() =>
        from e in Enumerable.Range(0, Reuse.Evaluations)
        from b in Enumerable.Range(0, Reuse.Branches)
        where _sources.Of(e, b) is not null
        select (e, b);

    private static ForecastError Error(ForecastReader reader, CacheSchedule forecast, IEnumerable<(int Evaluation, int Branch)> places) =>
        ForecastError.Of(places.Select(place => (Finite(reader, place.Evaluation, place.Branch), Weights(forecast, place))));

    private static float[] Weights(CacheSchedule forecast, (int Evaluation, int Branch) place) =>
        [.. forecast.Terms(place.Evaluation, place.Branch).Select(term => term.Weight)];

    private static ForecastMoments Finite(ForecastReader reader, int evaluation, int branch)
    {
        ForecastMoments moments = reader.Of(evaluation, branch);
        return double.IsFinite(moments.Norm + moments.Left)
            && Enumerable.Range(0, moments.Sources.Length - 1).All(i => double.IsFinite(moments.Gram(i, i)))
            ? moments
            : throw new ArgumentException(
                $"{CacheSchedule.BranchName(branch)} computed values in evaluation {evaluation}, or before, that are not finite; check the network");
    }
}
