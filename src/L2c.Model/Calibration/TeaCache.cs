using L2c.Model.Caching;
using L2c.Weights.Layouts;

namespace L2c.Model.Calibration;

/// <summary>
/// TeaCache (Liu et al. 2024, arXiv 2411.19108): all blocks are replaced while the sum of estimated changes of the network's output stays small.
/// </summary>
/// <remarks>
/// <code>
/// a(s) = sum|m(s) - m(s-1)| / sum|m(s-1)|            m: what the first branch reads, its norm's output with shift and scale
/// evaluations 0 and T-1 are computed; else d += p(a(s)): replaced if d &lt; delta, else computed and d = 0
/// </code>
/// p is a polynomial of degree 4 that estimates the change of the output from that of m. The published ones are for text-to-image and video models; here
/// it is fitted to the calibration run by least squares, over b(s) = sum|v(s) - v(s-1)| / sum|v(s-1)|, v the prediction of the noise after guidance, at
/// the evaluations about which it is asked: all but the first and the last, where the prediction changes more than ever.
/// The published code decides while it samples, from the inputs of the run that it has shortened already; here they are those of the uncached run, and
/// sums are over all rows and images.
/// Figures: <c>input</c> a, <c>output</c> b (both from evaluation 1 on), <c>polynomial</c>, the highest power first.
/// Source: the published code, ali-vilab/TeaCache.
/// </remarks>
internal sealed class TeaCache : CalibrationMethod
{
    private const int Degree = 4;
    private const string Inputs = "input", Outputs = "output", Polynomial = "polynomial";

    /// <inheritdoc/>
    public override string Name => "teacache";

    /// <inheritdoc/>
    public override string ThresholdName => "delta";

    /// <inheritdoc/>
    /// <remarks>The published <c>rel_l1_thresh</c> for FLUX, from the most careful on.</remarks>
    public override IReadOnlyList<double> DefaultThresholds { get; } = [0.25, 0.4, 0.6];

    /// <inheritdoc/>
    public override ICalibrationMeter Measure(TransformerArchitecture architecture, int evaluations, CalibrationSettings settings) =>
        new Meter(architecture, evaluations);

    /// <inheritdoc/>
    public override long HeldValues(TransformerArchitecture architecture, int evaluations, CalibrationSettings settings, int images, int rows) =>
        ((long)rows * architecture.Tokens * architecture.HiddenSize) + PredictedNoise.Values(architecture, images);

    /// <inheritdoc/>
    public override CacheSchedule Decide(CalibrationTable table, double threshold, CalibrationSettings settings)
    {
        int last = table.Steps - 1;
        double[] inputs = table.Figure(Inputs, last), polynomial = table.Figure(Polynomial, Terms(table.Steps));
        bool[] computes = new bool[table.Steps];
        double sum = 0;
        for (int s = 0; s <= last; s++)
        {
            sum += s == 0 || s == last ? double.PositiveInfinity : At(polynomial, inputs[s - 1]);
            computes[s] = !(sum < threshold);
            sum = computes[s] ? 0 : sum;
        }

        return Replacing(computes, table.Branches);
    }

    /// <summary>A polynomial's value.</summary>
    /// <param name="polynomial">The highest power first.</param>
    /// <param name="x">Where.</param>
    public static double At(double[] polynomial, double x) => polynomial.Aggregate(0.0, (value, coefficient) => (value * x) + coefficient);

    /// <summary>Evaluations between the first and the last, about which the polynomial is asked.</summary>
    private static int Asked(int evaluations) => Math.Max(evaluations - 2, 0);

    // As many as the points determine.
    private static int Terms(int evaluations) => Math.Min(Degree + 1, Asked(evaluations));

    private sealed class Meter(TransformerArchitecture architecture, int evaluations) : ICalibrationMeter
    {
        private readonly RelativeChange _input = new(evaluations), _output = new(evaluations);
        private readonly PredictedNoise _noise = new(architecture);

        public TrajectoryStages Stages => TrajectoryStages.Input | TrajectoryStages.FirstNormed | TrajectoryStages.Output;

        public IReadOnlyDictionary<string, double[]> Figures
        {
            get
            {
                double[] inputs = _input.Ratios(), outputs = _output.Ratios();
                return new Dictionary<string, double[]>
                {
                    [Inputs] = inputs,
                    [Outputs] = outputs,
                    [Polynomial] = PolynomialFit.LeastSquares(inputs[..Asked(evaluations)], outputs[..Asked(evaluations)], Terms(evaluations)),
                };
            }
        }

        public void Input(int evaluation, ReadOnlySpan<float> x) => _noise.Begin(x);

        public void FirstNormed(int evaluation, ReadOnlySpan<float> normed) => _input.Add(evaluation, normed);

        public void Output(int evaluation, ReadOnlySpan<float> guided) => _output.Add(evaluation, _noise.Of(guided));
    }

    /// <summary>sum|y(s) - y(s-1)| and sum|y(s-1)| over all batches.</summary>
    private sealed class RelativeChange(int evaluations)
    {
        private readonly double[] _changes = new double[evaluations - 1], _wholes = new double[evaluations - 1];
        private float[]? _before;

        public void Add(int evaluation, ReadOnlySpan<float> values)
        {
            if (evaluation > 0)
            {
                _changes[evaluation - 1] += AbsoluteSums.OfDifference(values, _before);
                _wholes[evaluation - 1] += AbsoluteSums.Of(_before.AsSpan(0, values.Length));
            }

            MeterValues.Keep(ref _before, values);
        }

        public double[] Ratios() => [.. _changes.Zip(_wholes, MeterValues.Ratio)];
    }
}
