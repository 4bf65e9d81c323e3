using L2c.Kernels;
using L2c.Weights.Layouts;

namespace L2c.Model.Metrics.Inception;

/// <summary>
/// The network's steps as a pass runs them: an average and the 1 x 1 convolution after it change places, since means of sums are sums of means and the
/// convolution has a fraction of the channels. ReLU stays last. A step's name, of which there may be two then, is that of its weights.
/// </summary>
internal static class InceptionPlan
{
    /// <summary>The steps, in an order in which they can be computed.</summary>
    public static IReadOnlyList<InceptionStep> Steps { get; } = [.. InceptionStructure.Steps.SelectMany(InOrder)];

    /// <summary>What follows a convolution: nothing where an average reads it.</summary>
    public static Activation ActivationOf(InceptionStep convolution) =>
        InceptionStructure.Steps.Any(step => step.Op == InceptionOp.AveragePool && step.Output == convolution.Output) ? Activation.None : Activation.Relu;

    /// <summary>What a pool makes of its pixels. Where it reads what is not negative, ReLU changes nothing.</summary>
    public static Pool PoolOf(InceptionStep pool) => pool.Op == InceptionOp.MaxPool ? Pool.Max : Pool.RectifiedAverage;

    private static IEnumerable<InceptionStep> InOrder(InceptionStep step)
    {
        if (step.Op == InceptionOp.AveragePool && Reader(step) is not null)
        {
            return [];
        }

        return Average(step) is { } average
            ?
            [
                step with { Input = average.Input, Output = average.Output, FirstChannel = 0 },
                average with { Name = step.Name, Input = average.Output, Output = step.Output, FirstChannel = step.FirstChannel, Inputs = step.Outputs, Outputs = step.Outputs },
            ]
            : [step];
    }

    /// <summary>The convolution that reads an average; null where the average is the network's last step.</summary>
    private static InceptionStep? Reader(InceptionStep average) => InceptionStructure.Steps.SingleOrDefault(step => step.Input == average.Output);

    /// <summary>The average that a convolution reads, if it does.</summary>
    private static InceptionStep? Average(InceptionStep step) =>
        InceptionStructure.Steps.FirstOrDefault(other => other.Op == InceptionOp.AveragePool && other.Output == step.Input);
}
