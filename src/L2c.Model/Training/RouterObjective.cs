namespace L2c.Model.Training;

/// <summary>What routers are trained for: the penalty, how logits become weights, and AdamW. All on the host; nothing of a network.</summary>
/// <remarks>
/// <code>
/// loss  = data(w) + lambda sum_i sigmoid(logit_i)
/// w_i   = sigmoid(logit_i), or straight-through: 1 if sigmoid(logit_i) > threshold, else 0, with the gradient of sigmoid(logit_i)
/// step  : AdamW(0.9, 0.999, epsilon 1e-8, no decay) on the gradient summed over draws and divided by their number, then the clamp
/// </code>
/// Routers that received no gradient are not touched: no step, no decay of moments. Computed in double, kept in float32.
/// Source: Learning-to-Cache, equations 5 to 7; the published train_router.py.
/// </remarks>
public sealed class RouterObjective
{
    /// <summary>Takes over logits; moments are zero.</summary>
    /// <param name="logits">[routers, branches], row-major; not copied.</param>
    /// <param name="branches">Branches of the network.</param>
    public RouterObjective(float[] logits, int branches) => throw new NotImplementedException();

    /// <summary>lambda: weight of the penalty.</summary>
    public double Lambda { get; set; }

    /// <summary>Learning rate.</summary>
    public double LearningRate { get; set; }

    /// <summary>Logits stay within plus and minus this after each step; null for no bound. 5 as published for DiT, none for U-ViT.</summary>
    public double? Clamp { get; set; } = 5;

    /// <summary>Threshold of the straight-through weights; null for w = sigmoid(logit), the default.</summary>
    public double? StraightThroughThreshold { get; set; }

    /// <summary>Rows: one router per step of the grid.</summary>
    public int Routers => throw new NotImplementedException();

    /// <summary>Columns.</summary>
    public int Branches => throw new NotImplementedException();

    /// <summary>[routers, branches]: to be saved, or restored by copying into it.</summary>
    public Span<float> Logits => throw new NotImplementedException();

    /// <summary>[routers, branches]: as <see cref="Logits"/>.</summary>
    public Span<float> FirstMoment => throw new NotImplementedException();

    /// <summary>[routers, branches]: as <see cref="Logits"/>.</summary>
    public Span<float> SecondMoment => throw new NotImplementedException();

    /// <summary>[routers]: steps that each router has taken.</summary>
    public Span<int> Steps => throw new NotImplementedException();

    /// <summary>[routers, branches]: gradient summed since the last step, not divided yet.</summary>
    public ReadOnlySpan<double> Gradient => throw new NotImplementedException();

    /// <summary>Whether a router has received a gradient since the last step.</summary>
    public bool HasGradient(int router) => throw new NotImplementedException();

    /// <summary>The w of every branch.</summary>
    public void Weights(int router, Span<float> weights) => throw new NotImplementedException();

    /// <summary>sum_i sigmoid(logit_i), not yet times lambda.</summary>
    public double Penalty(int router) => throw new NotImplementedException();

    /// <summary>Adds one draw's gradient: through w, and that of the penalty.</summary>
    /// <param name="router">Which router was drawn.</param>
    /// <param name="dWeights">d data / d w of every branch.</param>
    public void Accumulate(int router, ReadOnlySpan<double> dWeights) => throw new NotImplementedException();

    /// <summary>Divides the summed gradients, steps the routers that have one, clamps, and forgets the gradients.</summary>
    /// <param name="draws">What to divide by: draws since the last step, those of other routers included.</param>
    public void Step(int draws) => throw new NotImplementedException();
}
