using L2c.Model.Caching;
using L2c.Weights.Layouts;

namespace L2c.Model.Calibration;

/// <summary>
/// MagCache (Ma et al. 2025, arXiv 2506.09045): all blocks are replaced while what they add keeps its magnitude, so far as calibrated.
/// </summary>
/// <remarks>
/// <code>
/// g(s) = mean over rows and tokens of |r(s)| / |r(s-1)|        r: the stream after the blocks minus the stream before, |.| over channels
/// the first round(ratio T) evaluations, at least one, are computed; from then on
///   p *= g(s), n += 1, d += |1 - p|: replaced if d &lt;= delta and n &lt;= K, else computed and p = 1, n = 0, d = 0
/// </code>
/// g comes from an uncached run in the published code, too, so that its decisions depend on no input and the schedule is exactly the published one.
/// Figure: <c>ratio</c> g, from evaluation 1 on. Source: the published code, Zehong-Ma/MagCache; the constants are those for FLUX, without the one
/// evaluation that it excepts there.
/// </remarks>
internal sealed class MagCache : CalibrationMethod
{
    private const string Ratios = "ratio";

    /// <inheritdoc/>
    public override string Name => "magcache";

    /// <inheritdoc/>
    public override string ThresholdName => "delta";

    /// <inheritdoc/>
    public override IReadOnlyList<double> DefaultThresholds { get; } = [0.24];

    /// <inheritdoc/>
    public override ICalibrationMeter Measure(TransformerArchitecture architecture, int evaluations, CalibrationSettings settings) =>
        new Meter(evaluations, architecture.HiddenSize);

    /// <inheritdoc/>
    public override long HeldValues(TransformerArchitecture architecture, int evaluations, CalibrationSettings settings, int images, int rows) =>
        (long)rows * architecture.Tokens * (architecture.HiddenSize + (2 * sizeof(double) / sizeof(float)));

    /// <inheritdoc/>
    public override CacheSchedule Decide(CalibrationTable table, double threshold, CalibrationSettings settings)
    {
        double[] ratios = table.Figure(Ratios, table.Steps - 1);
        int first = Math.Max(1, (int)((settings.Retention * table.Steps) + 0.5)), skipped = 0;
        bool[] computes = new bool[table.Steps];
        (double product, double error) = (1, 0);
        for (int s = 0; s < table.Steps; s++)
        {
            if (s >= first)
            {
                product *= ratios[s - 1];
                skipped++;
                error += Math.Abs(1 - product);
            }

            computes[s] = s < first || !(error <= threshold && skipped <= settings.MaxSkips);
            (product, error, skipped) = computes[s] ? (1, 0, 0) : (product, error, skipped);
        }

        return Replacing(computes, table.Branches);
    }

    private sealed class Meter(int evaluations, int channels) : ICalibrationMeter
    {
        private readonly double[] _sums = new double[evaluations - 1];
        private readonly long[] _tokens = new long[evaluations - 1];
        private float[]? _stream;
        private double[] _norms = [];

        public TrajectoryStages Stages => TrajectoryStages.StreamBefore | TrajectoryStages.StreamAfter;

        // A token to which nothing was added has no ratio; where that is so of all of them, nothing changes.
        public IReadOnlyDictionary<string, double[]> Figures => new Dictionary<string, double[]>
        {
            [Ratios] = [.. _sums.Zip(_tokens, (sum, count) => count == 0 ? 1 : sum / count)],
        };

        public void StreamBefore(int evaluation, ReadOnlySpan<float> stream) => MeterValues.Keep(ref _stream, stream);

        public void StreamAfter(int evaluation, ReadOnlySpan<float> stream)
        {
            int tokens = stream.Length / channels;
            double[] norms = new double[tokens];
            for (int t = 0; t < tokens; t++)
            {
                norms[t] = Norm(stream.Slice(t * channels, channels), _stream.AsSpan(t * channels, channels));
                if (evaluation > 0 && _norms[t] > 0)
                {
                    _sums[evaluation - 1] += norms[t] / _norms[t];
                    _tokens[evaluation - 1]++;
                }
            }

            _norms = norms;
        }

        private static double Norm(ReadOnlySpan<float> after, ReadOnlySpan<float> before)
        {
            double squares = 0;
            for (int i = 0; i < after.Length; i++)
            {
                double added = after[i] - before[i];
                squares += added * added;
            }

            return Math.Sqrt(squares);
        }
    }
}
