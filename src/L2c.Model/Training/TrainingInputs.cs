using L2c.Weights.Layouts;

namespace L2c.Model.Training;

/// <summary>Checks of what a training step is given. Allocates nothing unless it throws.</summary>
internal static class TrainingInputs
{
    /// <summary>Throws unless there are that many.</summary>
    public static void RequireLength(int actual, long expected, string what)
    {
        if (actual != expected)
        {
            throw new ArgumentException($"{actual} {what}, expected {expected}");
        }
    }

    /// <summary>Throws unless there is a label of the network's table per image; a network without one reads none.</summary>
    public static void RequireLabels(ReadOnlySpan<int> labels, int batch, TransformerArchitecture architecture)
    {
        RequireLength(labels.Length, batch, "labels");
        if (architecture.LabelRows > 0)
        {
            RequireBelow(labels, architecture.LabelRows, "label");
        }
    }

    /// <summary>Throws unless every value is 0 .. limit - 1.</summary>
    public static void RequireBelow(ReadOnlySpan<int> values, int limit, string what)
    {
        foreach (int value in values)
        {
            if ((uint)value >= (uint)limit)
            {
                throw new ArgumentException($"{what} {value} is outside 0..{limit - 1}");
            }
        }
    }
}
