using System.Text.Json;
using L2c.Model.Randomness;
using L2c.Testing.Golden;
using L2c.Weights.Layouts;

namespace L2c.Model.Tests.Golden;

/// <summary>The weights of the recorded features: too many to be recorded, made from the seed by the manifest's recipe.</summary>
internal static class InceptionWeights
{
    private const float Spread = 0.1f, VarianceSpread = 0.5f, ClassifierSpread = 0.05f;
    private const double ConvolutionGain = 2.6;

    private static readonly Lock _lock = new();
    private static (ulong Seed, SortedDictionary<string, float[]> Tensors)? _last;

    /// <summary>The tensors in ordinal order of their names; made once for all tests of one seed.</summary>
    public static SortedDictionary<string, float[]> Of(GoldenCase golden)
    {
        ulong seed = Recipe(golden).GetProperty("seed").GetUInt64();
        lock (_lock)
        {
            if (_last?.Seed != seed)
            {
                _last = (seed, Make(seed));
            }

            return _last.Value.Tensors;
        }
    }

    /// <summary>What the manifest says of the weights.</summary>
    public static JsonElement Recipe(GoldenCase golden) => golden.Config.GetProperty("weights");

    private static SortedDictionary<string, float[]> Make(ulong seed)
    {
        var generator = new TorchGenerator(seed);
        SortedDictionary<string, float[]> tensors = new(StringComparer.Ordinal);
        foreach ((string name, long[] shape) in InceptionLayout.Tensors.OrderBy(tensor => tensor.Name, StringComparer.Ordinal))
        {
            float[] values = new float[shape.Aggregate(1L, (product, extent) => product * extent)];
            generator.Randn(values);
            Scale(name, shape, values);
            tensors.Add(name, values);
        }

        return tensors;
    }

    // Every product and sum rounded to binary32 on its own.
    private static void Scale(string name, long[] shape, float[] values)
    {
        bool isVariance = name.EndsWith(".running_var", StringComparison.Ordinal);
        float factor = name switch
        {
            _ when shape.Length == 4 => (float)Math.Sqrt(ConvolutionGain / (shape[1] * shape[2] * shape[3])),
            _ when name.StartsWith(InceptionStructure.Classifier + ".", StringComparison.Ordinal) => ClassifierSpread,
            _ => isVariance ? VarianceSpread : Spread,
        };
        float offset = isVariance || name.EndsWith(".bn.weight", StringComparison.Ordinal) ? 1 : 0;
        foreach (ref float value in values.AsSpan())
        {
            value = ((isVariance ? MathF.Abs(value) : value) * factor) + offset;
        }
    }
}
