using L2c.Model.Networks;
using L2c.Weights.Layouts;

namespace L2c;

/// <summary>Weights of a network that nobody has trained, for measuring speed and memory without a checkpoint: the same on every machine.</summary>
/// <remarks>
/// Uniform, with variance 1 / fan-in for weights and 0.02^2 for biases: activations keep their order of magnitude from block to block.
/// </remarks>
/// <param name="tensors">The network's, with their shapes as PyTorch stores them.</param>
public sealed class RandomWeights(IEnumerable<(string Name, long[] Shape)> tensors)
{
    private const double BiasDeviation = 0.02;

    // Of a uniform distribution on [-1, 1].
    private static readonly double _unitDeviation = 1 / Math.Sqrt(3);

    private readonly Dictionary<string, double> _deviations = tensors.ToDictionary(
        tensor => tensor.Name,
        tensor => tensor.Shape.Length == 1 ? BiasDeviation : 1 / Math.Sqrt(FanIn(tensor.Shape)));

    /// <param name="architecture">A transformer.</param>
    public RandomWeights(TransformerArchitecture architecture)
        : this(NetworkFamilies.Of(architecture).Tensors(architecture))
    {
    }

    /// <summary>Fills a tensor; a <see cref="Model.WeightReader"/>.</summary>
    public void Read(string name, Span<float> destination)
    {
        float scale = (float)(_deviations[name] / _unitDeviation / -(double)int.MinValue);
        ulong state = Hash(name);
        int i = 0;
        for (; i + 1 < destination.Length; i += 2)
        {
            ulong bits = Next(ref state);
            destination[i] = (int)bits * scale;
            destination[i + 1] = (int)(bits >> 32) * scale;
        }

        if (i < destination.Length)
        {
            destination[i] = (int)Next(ref state) * scale;
        }
    }

    private static double FanIn(long[] shape) => shape.Skip(1).Aggregate(1.0, (product, extent) => product * extent);

    // SplitMix64: Steele, Lea and Flood 2014, "Fast splittable pseudorandom number generators".
    private static ulong Next(ref ulong state)
    {
        ulong z = state += 0x9E3779B97F4A7C15;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }

    // FNV-1a: string.GetHashCode differs from process to process.
    private static ulong Hash(string name) => name.Aggregate(0xCBF29CE484222325, (hash, c) => (hash ^ c) * 0x100000001B3);
}
