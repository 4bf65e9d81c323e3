namespace L2c.Model.Calibration;

/// <summary>Measures how far every branch's output is from those of the evaluations before it, of which it holds the last R.</summary>
/// <param name="branches">Branches of the network.</param>
/// <param name="evaluations">T.</param>
/// <param name="lookahead">R.</param>
/// <remarks>Formula: <see cref="SmoothCache"/>.</remarks>
internal sealed class SmoothCacheMeter(int branches, int evaluations, int lookahead) : ICalibrationMeter
{
    private readonly int _distances = Math.Min(lookahead, evaluations - 1);
    private readonly float[]?[,] _held = new float[]?[Math.Min(lookahead, evaluations - 1), branches];
    private readonly double[,,] _differences = new double[branches, Math.Min(lookahead, evaluations - 1), evaluations];
    private readonly double[,] _sums = new double[branches, evaluations];

    /// <inheritdoc/>
    public TrajectoryStages Stages => TrajectoryStages.Branches;

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, double[]> Figures
    {
        get
        {
            var figures = new Dictionary<string, double[]>();
            for (int b = 0; b < branches; b++)
            {
                for (int r = 1; r <= _distances; r++)
                {
                    double[] errors = new double[evaluations - r];
                    for (int k = 0; k < errors.Length; k++)
                    {
                        errors[k] = MeterValues.Ratio(_differences[b, r - 1, k], _sums[b, k + r]);
                    }

                    figures.Add(SmoothCache.NameOf(b, r), errors);
                }
            }

            return figures;
        }
    }

    /// <inheritdoc/>
    public void Branch(int evaluation, int branch, ReadOnlySpan<float> output)
    {
        _sums[branch, evaluation] += AbsoluteSums.Of(output);
        for (int r = 1; r <= Math.Min(_distances, evaluation); r++)
        {
            _differences[branch, r - 1, evaluation - r] += AbsoluteSums.OfDifference(output, _held[(evaluation - r) % _distances, branch]);
        }

        if (_distances > 0)
        {
            MeterValues.Keep(ref _held[evaluation % _distances, branch], output);
        }
    }
}
