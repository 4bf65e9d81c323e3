using L2c.Kernels;
using L2c.Model.Autoencoder;
using L2c.Testing;
using L2c.Weights.Layouts;

namespace L2c.Model.Tests.Autoencoder;

/// <summary>An autoencoder with random weights under which activations keep their order of magnitude.</summary>
internal static class RandomVae
{
    public static AutoencoderModel Load(Device device, AutoencoderParts parts = AutoencoderParts.Both) => Load(TinyModel.Autoencoder, device, parts);

    public static AutoencoderModel Load(VaeArchitecture architecture, Device device, AutoencoderParts parts)
    {
        Dictionary<string, long[]> shapes = VaeLayout.Tensors(architecture).ToDictionary(tensor => tensor.Name, tensor => tensor.Shape);
        return AutoencoderModel.Load(architecture, Read, device, parts);

        void Read(string name, Span<float> destination)
        {
            long[] shape = shapes[name];
            double scale = shape.Length == 1 ? 0.3 : 1.7 / Math.Sqrt(shape.Skip(1).Aggregate(1L, (product, extent) => product * extent));
            Values(name.Aggregate(17, (hash, c) => unchecked((31 * hash) + c)), destination, (float)scale);
            if (shape.Length == 1 && name.Contains("norm", StringComparison.Ordinal) && name.EndsWith(".weight", StringComparison.Ordinal))
            {
                foreach (ref float value in destination)
                {
                    value += 1;
                }
            }
        }
    }

    /// <summary>Uniform in [-scale, scale].</summary>
    public static float[] Values(int seed, int count, float scale = 1)
    {
        float[] values = new float[count];
        Values(seed, values, scale);
        return values;
    }

    private static void Values(int seed, Span<float> destination, float scale)
    {
        Random random = new(seed);
        foreach (ref float value in destination)
        {
            value = scale * ((2 * random.NextSingle()) - 1);
        }
    }
}
