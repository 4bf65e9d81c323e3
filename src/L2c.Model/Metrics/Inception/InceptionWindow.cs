using L2c.Kernels;
using L2c.Weights.Layouts;

namespace L2c.Model.Metrics.Inception;

/// <summary>Windows of the network's steps.</summary>
internal static class InceptionWindow
{
    /// <summary>The window of a step.</summary>
    public static Window Of(InceptionStep step)
    {
        (int rows, int columns) = step.Padded ? (step.Height / 2, step.Width / 2) : (0, 0);
        return new Window(step.Height, step.Width, step.Stride, rows, columns, rows, columns);
    }
}
