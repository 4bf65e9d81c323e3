using L2c.Weights.Layouts;

namespace L2c.Model.Metrics.Inception;

/// <summary>Serves each convolution's weight and bias with its batch norm folded in, as <c>NAME.weight</c> and <c>NAME.bias</c>.</summary>
/// <remarks>
/// Formula  scale = weight / sqrt(running_var + 0.001); the convolution's weight times scale, and bias - running_mean scale.
/// Numerics in binary64, rounded once; so folding changes the network's features by less than its own rounding.
/// </remarks>
internal sealed class FoldedBatchNorm
{
    private const double Epsilon = 1e-3;

    private readonly WeightReader _read;
    private readonly Dictionary<string, InceptionStep> _convolutions = InceptionStructure.Convolutions.ToDictionary(step => step.Name);

    /// <param name="read">Gives the published tensors.</param>
    public FoldedBatchNorm(WeightReader read) => _read = read;

    /// <summary>A <see cref="WeightReader"/>; what belongs to no convolution is handed on.</summary>
    public void Read(string name, Span<float> destination)
    {
        int dot = name.LastIndexOf('.');
        if (!_convolutions.TryGetValue(name[..dot], out InceptionStep? step))
        {
            _read(name, destination);
            return;
        }

        double[] scale = Norm(step, "weight"), variance = Norm(step, "running_var");
        for (int output = 0; output < scale.Length; output++)
        {
            scale[output] /= Math.Sqrt(variance[output] + Epsilon);
        }

        if (name.EndsWith(".bias", StringComparison.Ordinal))
        {
            double[] bias = Norm(step, "bias"), mean = Norm(step, "running_mean");
            for (int output = 0; output < scale.Length; output++)
            {
                destination[output] = (float)(bias[output] - (mean[output] * scale[output]));
            }

            return;
        }

        _read($"{step.Name}.conv.weight", destination);
        int inputs = destination.Length / scale.Length;
        for (int i = 0; i < destination.Length; i++)
        {
            destination[i] = (float)(destination[i] * scale[i / inputs]);
        }
    }

    private double[] Norm(InceptionStep step, string part)
    {
        float[] values = new float[step.Outputs];
        _read($"{step.Name}.bn.{part}", values);
        return Array.ConvertAll(values, value => (double)value);
    }
}
