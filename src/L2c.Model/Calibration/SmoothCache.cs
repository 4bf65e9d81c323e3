using System.Globalization;
using L2c.Model.Caching;
using L2c.Weights.Layouts;

namespace L2c.Model.Calibration;

/// <summary>
/// SmoothCache (Liu et al. 2024, arXiv 2411.10510): a branch is reused for as long as its output of a calibration run stayed near enough.
/// </summary>
/// <remarks>
/// <code>
/// E[c][b][r][k] = sum|Y(k) - Y(k+r)| / sum|Y(k+r)|        Y(s): output of component c (attention or MLP) of block b at evaluation s, before the gate
/// e[c][r][k]    = mean over blocks                         r = 1..R, k = 0..T-1-r
/// </code>
/// From s = 0 on: the largest r with s + r &lt; T and e[c][r][s] at most the threshold; s is computed, s+1..s+r reuse, on with s+r+1. Only the error
/// at distance r counts, not those in between. In the end evaluations 0 and T-1 are computed. All blocks have the schedule of their component.
/// A figure is <c>attn-B:R</c> or <c>mlp-B:R</c>: by k, of block B at distance R. Source: the published code, Roblox/SmoothCache.
/// </remarks>
internal sealed class SmoothCache : CalibrationMethod
{
    private static readonly string[] _components = ["attn", "mlp"];

    /// <inheritdoc/>
    public override string Name => "smoothcache";

    /// <inheritdoc/>
    public override string ThresholdName => "alpha";

    /// <inheritdoc/>
    /// <remarks>Those of the paper for DiT-XL/2 and 50 steps.</remarks>
    public override IReadOnlyList<double> DefaultThresholds { get; } = [0.08, 0.18, 0.22];

    /// <inheritdoc/>
    public override bool ChoosesBranches => true;

    /// <inheritdoc/>
    public override ICalibrationMeter Measure(TransformerArchitecture architecture, int evaluations, CalibrationSettings settings) =>
        new SmoothCacheMeter(architecture.Branches, evaluations, settings.Lookahead);

    /// <inheritdoc/>
    public override long HeldValues(TransformerArchitecture architecture, int evaluations, CalibrationSettings settings, int images, int rows) =>
        (long)Math.Min(settings.Lookahead, evaluations - 1) * architecture.Branches * rows * architecture.Tokens * architecture.HiddenSize;

    /// <inheritdoc/>
    public override CacheSchedule Decide(CalibrationTable table, double threshold, CalibrationSettings settings)
    {
        bool[][] computes =
            [.. Enumerable.Range(0, _components.Length).Select(c => Computes(table.Steps, Means(table, c, settings.Lookahead), threshold))];
        bool[][] rows =
            [.. Enumerable.Range(0, table.Steps).Select(e => Enumerable.Range(0, table.Branches).Select(b => computes[b % 2][e]).ToArray())];
        return new CacheSchedule([.. rows.Select(row => row.All(c => c) ? EvaluationRole.Refresh : EvaluationRole.Cache)], rows);
    }

    /// <summary>The mean errors of a component over all blocks: by distance less one and evaluation.</summary>
    /// <param name="table">The errors.</param>
    /// <param name="component">0 for attention, 1 for the MLP.</param>
    /// <param name="lookahead">R.</param>
    /// <exception cref="ArgumentException">The table was measured with fewer.</exception>
    public static double[][] Means(CalibrationTable table, int component, int lookahead) =>
    [
        .. Enumerable.Range(1, Math.Min(lookahead, table.Steps - 1)).Select(r =>
        {
            int length = table.Steps - r;
            double[][] blocks = [.. Enumerable.Range(0, table.Branches / 2).Select(b => table.Figure(NameOf((2 * b) + component, r), length))];
            return Enumerable.Range(0, length).Select(k => blocks.Average(errors => errors[k])).ToArray();
        }),
    ];

    /// <summary>Which evaluations compute a component.</summary>
    /// <param name="steps">T.</param>
    /// <param name="means">See <see cref="Means"/>.</param>
    /// <param name="threshold">Alpha.</param>
    public static bool[] Computes(int steps, double[][] means, double threshold)
    {
        bool[] computes = new bool[steps];
        for (int s = 0; s < steps;)
        {
            int r = Math.Min(means.Length, steps - 1 - s);
            while (r > 0 && !(means[r - 1][s] <= threshold))
            {
                r--;
            }

            computes[s] = true;
            s += r + 1;
        }

        computes[0] = computes[^1] = true;
        return computes;
    }

    /// <summary>Name of a branch's errors at a distance.</summary>
    public static string NameOf(int branch, int distance) =>
        string.Create(CultureInfo.InvariantCulture, $"{_components[branch % 2]}-{branch / 2}:{distance}");
}
