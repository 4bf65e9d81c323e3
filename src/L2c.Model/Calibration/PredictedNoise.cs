using L2c.Weights.Layouts;

namespace L2c.Model.Calibration;

/// <summary>The predicted noise within a network's guided output: without the variance, and once per image.</summary>
/// <param name="architecture">The network.</param>
internal sealed class PredictedNoise(TransformerArchitecture architecture)
{
    private readonly int _image = (int)Values(architecture, 1);
    private float[] _values = [];

    /// <summary>Values of N images.</summary>
    public static long Values(TransformerArchitecture architecture, int images) =>
        (long)images * architecture.InChannels * architecture.InputSize * architecture.InputSize;

    /// <summary>Tells how many images a batch has, before <see cref="Of"/>.</summary>
    /// <param name="x">[N,C_in,H,W].</param>
    public void Begin(ReadOnlySpan<float> x)
    {
        if (_values.Length != x.Length)
        {
            _values = new float[x.Length];
        }
    }

    /// <summary>Picks it.</summary>
    /// <param name="guided">[B,C_out,H,W]; with guidance the sampler reads the first half.</param>
    /// <returns>[N,C_in,H,W], valid until the next call.</returns>
    public ReadOnlySpan<float> Of(ReadOnlySpan<float> guided)
    {
        int stride = _image / architecture.InChannels * architecture.OutChannels;
        for (int i = 0; i < _values.Length / _image; i++)
        {
            guided.Slice(i * stride, _image).CopyTo(_values.AsSpan(i * _image));
        }

        return _values;
    }
}
