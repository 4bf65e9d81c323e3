using System.Globalization;
using L2c.Model.Caching;
using L2c.Weights.Layouts;

namespace L2c.Model.Calibration;

/// <summary>
/// EasyCache (Zhou et al. 2025, arXiv 2507.02860): all blocks are replaced while the accumulated output change predicted from the input's change stays
/// small.
/// </summary>
/// <remarks>
/// <code>
/// l: the last computed evaluation, j the one computed before it        x: input, v: output of the network; |.| mean magnitude
/// k = |v(l) - v(j)| / |x(l) - x(j)|
/// the first F evaluations and the last are computed and d = 0; else d += k |x(s) - x(s-1)| / |v(l)|: replaced if d &lt; tau, else computed and d = 0
/// </code>
/// v is the predicted noise after guidance; published is the method for velocities. The published code decides while it samples, from the inputs of the
/// run that it has shortened already; here they are those of the uncached run, and means are over all images.
/// In place of a skipped evaluation the published code returns its input plus the latest difference of output and input of the whole network, so that
/// nothing runs; here only what the blocks add is replaced, and patch embedding and output layer run with the current time.
/// Figures: <c>input:R</c>, <c>output:R</c>: |x(s) - x(s-R)|, |v(s) - v(s-R)| by s from R on; <c>magnitude</c>: |v(s)|.
/// Source: the published code, H-EmbodVis/EasyCache, with its constants for HunyuanVideo.
/// </remarks>
internal sealed class EasyCache : CalibrationMethod
{
    private const string Inputs = "input", Outputs = "output", Magnitude = "magnitude";

    /// <inheritdoc/>
    public override string Name => "easycache";

    /// <inheritdoc/>
    public override string ThresholdName => "tau";

    /// <inheritdoc/>
    public override IReadOnlyList<double> DefaultThresholds { get; } = [0.025];

    /// <inheritdoc/>
    public override ICalibrationMeter Measure(TransformerArchitecture architecture, int evaluations, CalibrationSettings settings) =>
        new Meter(architecture, evaluations);

    /// <inheritdoc/>
    public override long HeldValues(TransformerArchitecture architecture, int evaluations, CalibrationSettings settings, int images, int rows) =>
        2 * evaluations * PredictedNoise.Values(architecture, images);

    /// <inheritdoc/>
    public override CacheSchedule Decide(CalibrationTable table, double threshold, CalibrationSettings settings)
    {
        double[] magnitude = table.Figure(Magnitude, table.Steps);
        bool[] computes = new bool[table.Steps];
        double sum = 0;
        double? rate = null;
        int last = 0;
        for (int s = 0; s < table.Steps; s++)
        {
            if (s >= settings.FirstComputed && s < table.Steps - 1 && rate is { } k)
            {
                sum += k * Figure(Inputs, s, 1) / magnitude[last];
                computes[s] = !(sum < threshold);
            }
            else
            {
                computes[s] = true;
            }

            if (computes[s])
            {
                rate = s == 0 ? null : Figure(Outputs, s, s - last) / Figure(Inputs, s, s - last);
                (sum, last) = (0, s);
            }
        }

        return Replacing(computes, table.Branches);

        double Figure(string what, int evaluation, int distance) =>
            table.Figure(NameOf(what, distance), table.Steps - distance)[evaluation - distance];
    }

    private static string NameOf(string what, int distance) => string.Create(CultureInfo.InvariantCulture, $"{what}:{distance}");

    /// <summary>Holds inputs and outputs of all evaluations of a batch: which of them are compared, only the threshold decides.</summary>
    private sealed class Meter(TransformerArchitecture architecture, int evaluations) : ICalibrationMeter
    {
        private readonly float[]?[] _x = new float[]?[evaluations], _v = new float[]?[evaluations];
        private readonly double[,] _inputs = new double[evaluations, evaluations], _outputs = new double[evaluations, evaluations];
        private readonly double[] _magnitudes = new double[evaluations];
        private readonly PredictedNoise _noise = new(architecture);
        private long _values;

        public TrajectoryStages Stages => TrajectoryStages.Input | TrajectoryStages.Output;

        public IReadOnlyDictionary<string, double[]> Figures
        {
            get
            {
                var figures = new Dictionary<string, double[]> { [Magnitude] = Means(_magnitudes) };
                for (int r = 1; r < evaluations; r++)
                {
                    int distance = r;
                    figures.Add(NameOf(Inputs, r), Means(Enumerable.Range(r, evaluations - r).Select(s => _inputs[s, s - distance])));
                    figures.Add(NameOf(Outputs, r), Means(Enumerable.Range(r, evaluations - r).Select(s => _outputs[s, s - distance])));
                }

                return figures;
            }
        }

        public void Input(int evaluation, ReadOnlySpan<float> x)
        {
            _noise.Begin(x);
            _values += evaluation == 0 ? x.Length : 0;
            Compare(_x, _inputs, evaluation, x);
        }

        public void Output(int evaluation, ReadOnlySpan<float> guided)
        {
            ReadOnlySpan<float> v = _noise.Of(guided);
            _magnitudes[evaluation] += AbsoluteSums.Of(v);
            Compare(_v, _outputs, evaluation, v);
        }

        private static void Compare(float[]?[] held, double[,] sums, int evaluation, ReadOnlySpan<float> values)
        {
            for (int s = 0; s < evaluation; s++)
            {
                sums[evaluation, s] += AbsoluteSums.OfDifference(values, held[s]);
            }

            MeterValues.Keep(ref held[evaluation], values);
        }

        private double[] Means(IEnumerable<double> sums) => [.. sums.Select(sum => sum / _values)];
    }
}
