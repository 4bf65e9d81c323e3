namespace L2c.Model.Training;

/// <summary>The loss of a training run is no number any more; the states written before are good.</summary>
/// <param name="message">One line: what happened; what to do.</param>
public sealed class DivergedException(string message) : Exception(message)
{
    /// <summary>Throws unless a step's loss is finite.</summary>
    /// <param name="loss">The loss.</param>
    /// <param name="step">Number of the step, from 1.</param>
    internal static void ThrowUnlessFinite(double loss, int step)
    {
        if (!double.IsFinite(loss))
        {
            throw new DivergedException($"step {step}: the loss is {loss}; train again with a smaller --lr, or look at the weights and the data");
        }
    }
}
