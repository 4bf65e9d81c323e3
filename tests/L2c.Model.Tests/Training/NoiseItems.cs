using L2c.Model.Randomness;
using L2c.Model.Training;
using L2c.Weights.Layouts;

namespace L2c.Model.Tests.Training;

/// <summary>Items of noise for a network, each a function of its number.</summary>
internal sealed class NoiseItems(TransformerArchitecture architecture) : ITrainingData
{
    public string Name => "noise";

    public int Channels => architecture.InChannels;

    public int Size => architecture.InputSize;

    public int Classes => architecture.NumClasses;

    public int Read(long index, Span<float> image)
    {
        CounterNoise.Fill(99, (int)index, 0, image);
        return (int)(index % Classes);
    }
}
