using L2c.Kernels;

namespace L2c.Model;

/// <summary>Reads one tensor by its published name, row-major, as fp32.</summary>
/// <param name="name">As <c>blocks.0.attn.qkv.weight</c>.</param>
/// <param name="destination">Exactly as long as the tensor.</param>
public delegate void WeightReader(string name, Span<float> destination);

/// <summary>A linear map's weight and bias.</summary>
/// <param name="Weight">[out, in] in the device's layout.</param>
/// <param name="Bias">[out].</param>
/// <param name="Transposed">[in, out], for dx = dy W; none where no input gradient is wanted.</param>
public readonly record struct LinearWeights(Matrix Weight, Tensor Bias, Matrix Transposed = default);

/// <summary>Carves a network's weights from one arena and fills them: the structure is written once, as the calls that take tensors.</summary>
internal sealed class WeightLoader
{
    private readonly Device _device;
    private readonly WeightUse _use;
    private readonly List<(string Name, long Count, Store Store)> _reads = [];
    private Arena? _arena;

    private WeightLoader(Device device, WeightUse use) => (_device, _use) = (device, use);

    private delegate void Store(ReadOnlySpan<float> values);

    /// <summary>Carves what <paramref name="structure"/> takes, then reads every tensor from <paramref name="read"/>.</summary>
    public static (Arena Arena, T Weights) Load<T>(Device device, WeightUse use, WeightReader read, Func<WeightLoader, T> structure)
    {
        var loader = new WeightLoader(device, use);
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
    public static (long Bytes, T Weights) OnPaper<T>(Device device, WeightUse use, Func<WeightLoader, T> structure) =>
        Arena.Count(device, "weights on paper", arena => structure(new WeightLoader(device, use) { _arena = arena }));

    /// <summary>A tensor read as it is.</summary>
    public Tensor Tensor(string name, params ReadOnlySpan<int> extents)
    {
        Tensor tensor = _arena!.Take(extents);
        _reads.Add((name, tensor.Shape.Count, values => _device.Upload(tensor, values)));
        return tensor;
    }

    /// <summary>A linear map read from <c>name.weight</c> and <c>name.bias</c>.</summary>
    /// <param name="name">Prefix of <c>.weight</c> and <c>.bias</c>.</param>
    /// <param name="outputs">N.</param>
    /// <param name="inputs">K.</param>
    /// <param name="transposedFor">From which use on an input gradient is wanted, so that the matrix is also kept transposed; null for never.</param>
    public LinearWeights Linear(string name, int outputs, int inputs, WeightUse? transposedFor = null) =>
        LinearParts(name, inputs, [outputs], transposedFor)[0];

    /// <summary>One stored linear map as several, each with a range of the outputs, so that they can be computed apart.</summary>
    /// <param name="name">Prefix of <c>.weight</c> and <c>.bias</c>.</param>
    /// <param name="inputs">K.</param>
    /// <param name="outputs">Outputs of each part, in stored order.</param>
    /// <param name="transposedFor">As in <see cref="Linear"/>.</param>
    public LinearWeights[] LinearParts(string name, int inputs, int[] outputs, WeightUse? transposedFor = null)
    {
        Matrix[] matrices = [.. outputs.Select(n => _arena!.TakeMatrix(n, inputs))];
        Matrix[] transposed = [.. matrices.Select(matrix => _use >= transposedFor ? _arena!.TakeTransposed(matrix) : default)];
        _reads.Add(($"{name}.weight", (long)outputs.Sum() * inputs, values =>
        {
            for (int i = 0; i < matrices.Length; i++)
            {
                int count = matrices[i].Outputs * inputs;
                _device.WriteMatrix(matrices[i], 0, values[..count]);
                if (transposed[i].Device is not null)
                {
                    _device.WriteTransposed(transposed[i], 0, values[..count]);
                }

                values = values[count..];
            }
        }
        ));

        Tensor bias = Tensor($"{name}.bias", outputs.Sum());
        var parts = new LinearWeights[outputs.Length];
        for (int i = 0, first = 0; i < parts.Length; first += outputs[i++])
        {
            parts[i] = new LinearWeights(matrices[i], bias.SliceColumns(first, outputs[i]), transposed[i]);
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
