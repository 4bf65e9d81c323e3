using L2c.Kernels;

namespace L2c.Model;

/// <summary>Reads one tensor by its published name, row-major, as fp32.</summary>
/// <param name="name">As <c>blocks.0.attn.qkv.weight</c>.</param>
/// <param name="destination">Exactly as long as the tensor.</param>
public delegate void WeightReader(string name, Span<float> destination);

/// <summary>A linear map's weight and bias.</summary>
/// <param name="Weight">[out, in] in the device's layout.</param>
/// <param name="Bias">[out].</param>
public readonly record struct LinearWeights(Matrix Weight, Tensor Bias);

/// <summary>Carves a network's weights from one arena and fills them: the structure is written once, as the calls that take tensors.</summary>
internal sealed class WeightLoader
{
    private readonly Device _device;
    private readonly List<(string Name, long Count, Store Store)> _reads = [];
    private Arena? _arena;

    private WeightLoader(Device device) => _device = device;

    private delegate void Store(ReadOnlySpan<float> values);

    /// <summary>Carves what <paramref name="structure"/> takes, then reads every tensor from <paramref name="read"/>.</summary>
    public static (Arena Arena, T Weights) Load<T>(Device device, WeightReader read, Func<WeightLoader, T> structure)
    {
        var loader = new WeightLoader(device);
        (Arena arena, T weights) = Arena.Carve(device, "weights", a =>
        {
            loader._arena = a;
            loader._reads.Clear();
            return structure(loader);
        });

        try
        {
            loader.Fill(read);
            return (arena, weights);
        }
        catch
        {
            arena.Dispose();
            throw;
        }
    }

    /// <summary>Counts what <paramref name="structure"/> takes and reads nothing.</summary>
    public static (long Bytes, T Weights) OnPaper<T>(Device device, Func<WeightLoader, T> structure) =>
        Arena.Count(device, "weights on paper", arena => structure(new WeightLoader(device) { _arena = arena }));

    /// <summary>A tensor read as it is.</summary>
    public Tensor Tensor(string name, params ReadOnlySpan<int> extents)
    {
        Tensor tensor = _arena!.Take(extents);
        _reads.Add((name, tensor.Shape.Count, values => _device.Upload(tensor, values)));
        return tensor;
    }

    /// <summary>A linear map read from <c>name.weight</c> and <c>name.bias</c>.</summary>
    public LinearWeights Linear(string name, int outputs, int inputs) => LinearParts(name, inputs, outputs)[0];

    /// <summary>One stored linear map as several, each with a range of the outputs, so that they can be computed apart.</summary>
    /// <param name="name">Prefix of <c>.weight</c> and <c>.bias</c>.</param>
    /// <param name="inputs">K.</param>
    /// <param name="outputs">Outputs of each part, in stored order.</param>
    public LinearWeights[] LinearParts(string name, int inputs, params int[] outputs)
    {
        Matrix[] matrices = [.. outputs.Select(n => _arena!.TakeMatrix(n, inputs))];
        _reads.Add(($"{name}.weight", (long)outputs.Sum() * inputs, values =>
        {
            foreach (Matrix matrix in matrices)
            {
                int count = matrix.Outputs * inputs;
                _device.WriteMatrix(matrix, 0, values[..count]);
                values = values[count..];
            }
        }
        ));

        Tensor bias = Tensor($"{name}.bias", outputs.Sum());
        var parts = new LinearWeights[outputs.Length];
        for (int i = 0, first = 0; i < parts.Length; first += outputs[i++])
        {
            parts[i] = new LinearWeights(matrices[i], bias.SliceColumns(first, outputs[i]));
        }

        return parts;
    }

    private void Fill(WeightReader read)
    {
        float[] buffer = [];
        foreach ((string name, long count, Store store) in _reads)
        {
            int length = checked((int)count);
            if (buffer.Length < length)
            {
                buffer = new float[length];
            }

            Span<float> values = buffer.AsSpan(0, length);
            read(name, values);
            store(values);
        }
    }
}
