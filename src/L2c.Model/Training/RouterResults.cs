using System.Numerics;
using L2c.Kernels;

namespace L2c.Model.Training;

/// <summary>What a router step leaves on the device, added up on the host in double precision. Allocates nothing after its creation.</summary>
/// <param name="buffers">Where it lies.</param>
/// <param name="counted">Elements of each image's output that student and teacher are compared by.</param>
internal sealed class RouterResults(RouterBuffers buffers, int counted)
{
    private readonly float[] _squaredErrors = new float[buffers.SquaredErrors.Columns];
    private readonly float[] _shares = new float[buffers.WeightGradients.Shape.Count];
    private readonly double[] _imageLosses = new double[buffers.SquaredErrors.Columns];
    private readonly long _elements = buffers.SquaredErrors.Columns * (long)counted;

    // What gradients are carried times: the loss is a mean over many elements, so halves would hold its gradient as zeros. A power of two: no digit
    // changes.
    private readonly float _scale = BitOperations.RoundUpToPowerOf2((ulong)buffers.SquaredErrors.Columns * (ulong)counted) / 2;

    /// <summary>Of the squared error's gradient: then it is one to two times student - teacher.</summary>
    public float OutputGradientScale => 2 * _scale / _elements;

    /// <summary>Per image: mean squared difference of student and teacher, times the weight.</summary>
    public ReadOnlySpan<double> ImageLosses => _imageLosses;

    /// <summary>Waits for a run and reads it.</summary>
    /// <param name="device">Where it ran.</param>
    /// <param name="weight">Of the squared difference in the loss.</param>
    /// <param name="gradient">Receives d loss / d w, one per branch.</param>
    /// <returns>The mean over images.</returns>
    public double Read(Device device, double weight, Span<double> gradient)
    {
        device.Download(buffers.SquaredErrors, _squaredErrors);
        device.Download(buffers.WeightGradients, _shares);
        int rows = _shares.Length / gradient.Length;
        for (int branch = 0; branch < gradient.Length; branch++)
        {
            gradient[branch] = weight * Sum(_shares.AsSpan(branch * rows, rows)) / _scale;
        }

        int images = _imageLosses.Length;
        double sum = 0;
        for (int image = 0; image < images; image++)
        {
            _imageLosses[image] = weight * _squaredErrors[image] / counted;
            sum += _imageLosses[image];
        }

        return sum / images;
    }

    private static double Sum(ReadOnlySpan<float> values)
    {
        double sum = 0;
        foreach (float value in values)
        {
            sum += value;
        }

        return sum;
    }
}
