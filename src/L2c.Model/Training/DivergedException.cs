namespace L2c.Model.Training;

/// <summary>Training diverged: its loss or its weights are no longer numbers; the states written before are good.</summary>
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
            throw new DivergedException($"step {step}: training diverged: the loss is {loss}; use a smaller --lr, or check the weights and the data");
        }
    }

    /// <summary>Throws unless all values of what a step has changed are finite.</summary>
    /// <param name="values">The values.</param>
    /// <param name="name">What they are, for the message.</param>
    /// <param name="step">Number of the step, from 1.</param>
    internal static void ThrowUnlessFinite(ReadOnlySpan<float> values, string name, int step)
    {
        foreach (float value in values)
        {
            if (!float.IsFinite(value))
            {
                throw new DivergedException(
                    $"step {step}: training diverged: {name} holds {value}; use a smaller --lr, or check the weights and the data");
            }
        }
    }
}
