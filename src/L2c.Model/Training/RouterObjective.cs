namespace L2c.Model.Training;

/// <summary>What routers are trained for: the penalty, how logits become weights, and AdamW. All on the host; nothing of a network.</summary>
/// <remarks>
/// <code>
/// loss  = data(w) + lambda sum_i sigmoid(logit_i)
/// w_i   = sigmoid(logit_i), or straight-through: 1 if sigmoid(logit_i) > threshold, else 0, with the gradient of sigmoid(logit_i)
/// step  : AdamW(0.9, 0.999, epsilon 1e-8, no decay) on the gradient summed over draws and divided by their number, then the clamp
/// </code>
/// Routers that received no gradient are not touched: no step, no decay of moments. Computed in double, kept in float32.
/// Source: Learning-to-Cache, equations 5 to 7; the published train_router.py. AdamW: Loshchilov and Hutter 2019, algorithm 2.
/// </remarks>
public sealed class RouterObjective
{
    private const double Beta1 = 0.9, Beta2 = 0.999, Epsilon = 1e-8;

    private readonly float[] _logits, _firstMoment, _secondMoment;
    private readonly double[] _gradient;
    private readonly int[] _steps;
    private readonly bool[] _hasGradient;

    /// <summary>Takes over logits; moments are zero.</summary>
    /// <param name="logits">[routers, branches], row-major; not copied.</param>
    /// <param name="branches">Branches of the network.</param>
    /// <exception cref="ArgumentException">Not whole routers.</exception>
    public RouterObjective(float[] logits, int branches)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(branches, 1);
        if (logits.Length == 0 || logits.Length % branches != 0)
        {
            throw new ArgumentException($"{logits.Length} logits are not whole routers of {branches} branches");
        }

        (_logits, Branches) = (logits, branches);
        _firstMoment = new float[logits.Length];
        _secondMoment = new float[logits.Length];
        _gradient = new double[logits.Length];
        _steps = new int[Routers];
        _hasGradient = new bool[Routers];
    }

    /// <summary>lambda: weight of the penalty.</summary>
    public double Lambda { get; set; }

    /// <summary>Learning rate.</summary>
    public double LearningRate { get; set; }

    /// <summary>Logits stay within plus and minus this after each step; null for no bound. 5 as published for DiT, none for U-ViT.</summary>
    public double? Clamp { get; set; } = 5;

    /// <summary>Threshold of the straight-through weights; null for w = sigmoid(logit), the default.</summary>
    public double? StraightThroughThreshold { get; set; }

    /// <summary>Rows: one router per step of the grid.</summary>
    public int Routers => _logits.Length / Branches;

    /// <summary>Columns.</summary>
    public int Branches { get; }

    /// <summary>[routers, branches]: to be saved, or restored by copying into it.</summary>
    public Span<float> Logits => _logits;

    /// <summary>[routers, branches]: as <see cref="Logits"/>.</summary>
    public Span<float> FirstMoment => _firstMoment;

    /// <summary>[routers, branches]: as <see cref="Logits"/>.</summary>
    public Span<float> SecondMoment => _secondMoment;

    /// <summary>[routers]: steps that each router has taken.</summary>
    public Span<int> Steps => _steps;

    /// <summary>[routers, branches]: gradient summed since the last step, not divided yet.</summary>
    public ReadOnlySpan<double> Gradient => _gradient;

    /// <summary>Whether a router has received a gradient since the last step.</summary>
    public bool HasGradient(int router) => _hasGradient[router];

    /// <summary>The w of every branch.</summary>
    public void Weights(int router, Span<float> weights)
    {
        ReadOnlySpan<float> logits = Row(_logits, router);
        for (int i = 0; i < Branches; i++)
        {
            double score = Sigmoid(logits[i]);
            weights[i] = StraightThroughThreshold is { } threshold ? (score > threshold ? 1 : 0) : (float)score;
        }
    }

    /// <summary>sum_i sigmoid(logit_i), not yet times lambda.</summary>
    public double Penalty(int router)
    {
        double sum = 0;
        foreach (float logit in Row(_logits, router))
        {
            sum += Sigmoid(logit);
        }

        return sum;
    }

    /// <summary>Adds one draw's gradient: through w, and that of the penalty.</summary>
    /// <param name="router">Which router was drawn.</param>
    /// <param name="dWeights">d data / d w of every branch.</param>
    public void Accumulate(int router, ReadOnlySpan<double> dWeights)
    {
        ReadOnlySpan<float> logits = Row(_logits, router);
        Span<double> gradient = Row(_gradient, router);
        for (int i = 0; i < Branches; i++)
        {
            double score = Sigmoid(logits[i]);
            gradient[i] += (dWeights[i] + Lambda) * score * (1 - score);
        }

        _hasGradient[router] = true;
    }

    /// <summary>Divides the summed gradients, steps the routers that have one, clamps, and forgets the gradients.</summary>
    /// <param name="draws">What to divide by: draws since the last step, those of other routers included.</param>
    public void Step(int draws)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(draws, 1);
        for (int router = 0; router < Routers; router++)
        {
            if (_hasGradient[router])
            {
                StepRouter(router, draws);
            }
        }

        Array.Clear(_gradient);
        Array.Clear(_hasGradient);
    }

    private static double Sigmoid(double x) => 1 / (1 + Math.Exp(-x));

    private Span<T> Row<T>(T[] values, int router) => values.AsSpan(router * Branches, Branches);

    private void StepRouter(int router, int draws)
    {
        int step = ++_steps[router];
        double correction1 = 1 - Math.Pow(Beta1, step), correction2 = Math.Sqrt(1 - Math.Pow(Beta2, step));
        for (int i = router * Branches; i < (router + 1) * Branches; i++)
        {
            double g = _gradient[i] / draws;
            _firstMoment[i] = (float)(_firstMoment[i] + ((1 - Beta1) * (g - _firstMoment[i])));
            _secondMoment[i] = (float)((Beta2 * _secondMoment[i]) + ((1 - Beta2) * g * g));
            double logit = _logits[i] - (LearningRate * _firstMoment[i] / correction1 / ((Math.Sqrt(_secondMoment[i]) / correction2) + Epsilon));
            _logits[i] = (float)(Clamp is { } bound ? Math.Clamp(logit, -bound, bound) : logit);
        }
    }
}
