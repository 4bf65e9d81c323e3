using L2c.Weights.Layouts;
using L2c.Weights.PyTorch;

namespace L2c.Testing;

/// <summary>A file of the FID Inception network with random weights, 91 MiB, as torch.save writes it: made once for the tests of a class.</summary>
public sealed class InceptionFile : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    /// <summary>Writes it.</summary>
    public InceptionFile()
    {
        Path = _folder.File("inception.pth");
        TorchData.Write(Path, null, Tensors(), overwrite: false);
    }

    /// <summary>Where it is.</summary>
    public string Path { get; }

    /// <inheritdoc/>
    public void Dispose() => _folder.Dispose();

    // Spread so that activations neither die nor explode: 2.6 / inputs of a convolution.
    private static IEnumerable<(string, long[], float[])> Tensors()
    {
        Random random = new(7);
        foreach ((string name, long[] shape) in InceptionLayout.Tensors)
        {
            long count = shape.Aggregate(1L, (product, extent) => product * extent);
            float spread = shape.Length == 4 ? MathF.Sqrt(3 * 2.6f * shape[0] / count) : 0.1f;
            float offset = name.EndsWith(".running_var", StringComparison.Ordinal) || name.EndsWith(".bn.weight", StringComparison.Ordinal) ? 1 : 0;
            float[] values = new float[count];
            for (int i = 0; i < values.Length; i++)
            {
                values[i] = offset + (spread * ((2 * random.NextSingle()) - 1));
            }

            yield return (name, shape, values);
        }
    }
}
