using System.Numerics;
using L2c.Kernels;

namespace L2c.Model.Training;

/// <summary>What a router step leaves on the device, added up on the host in double precision. Allocates nothing after its creation.</summary>
internal sealed class RouterResults(RouterBuffers buffers)
{
    private readonly float[] _squaredErrors = new float[buffers.SquaredErrors.Columns];
    private readonly float[] _shares = new float[buffers.Cached.WeightGradients.Shape.Count];
    private readonly double[] _imageLosses = new double[buffers.SquaredErrors.Columns];
    private readonly long _elements = buffers.Output.Shape.Count;

    // What gradients are carried times: the loss is a mean over many elements, so halves would hold its gradient as zeros. A power of two: no digit
    // changes.
    private readonly float _scale = BitOperations.RoundUpToPowerOf2((ulong)buffers.Output.Shape.Count) / 2;

    /// <summary>Of the squared error's gradient: then it is one to two times student - teacher.</summary>
    public float OutputGradientScale => 2 * _scale / _elements;

    /// <summary>Per image: mean squared difference of student and teacher.</summary>
    public ReadOnlySpan<double> ImageLosses => _imageLosses;

    /// <summary>Waits for a run and reads it.</summary>
    /// <param name="device">Where it ran.</param>
    /// <param name="gradient">Receives d loss / d w, one per branch.</param>
    /// <returns>The mean over images.</returns>
    public double Read(Device device, Span<double> gradient)
    {
        device.Download(buffers.SquaredErrors, _squaredErrors);
        device.Download(buffers.Cached.WeightGradients, _shares);
        int rows = _shares.Length / gradient.Length;
        for (int branch = 0; branch < gradient.Length; branch++)
        {
            gradient[branch] = Sum(_shares.AsSpan(branch * rows, rows)) / _scale;
        }

        int images = _imageLosses.Length;
        double perImage = _elements / images, sum = 0;
        for (int image = 0; image < images; image++)
        {
            _imageLosses[image] = _squaredErrors[image] / perImage;
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
