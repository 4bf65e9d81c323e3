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
    private readonly List<(string Name, Tensor Tensor)> _tensors = [];
    private readonly List<(string Name, Matrix Matrix)> _matrices = [];
    private Arena? _arena;

    /// <summary>Carves what <paramref name="structure"/> takes, then reads every tensor from <paramref name="read"/>.</summary>
    public static (Arena Arena, T Weights) Load<T>(Device device, WeightReader read, Func<WeightLoader, T> structure)
    {
        var loader = new WeightLoader();
        (Arena arena, T weights) = Arena.Carve(device, "weights", a =>
        {
            loader._arena = a;
            loader._tensors.Clear();
            loader._matrices.Clear();
            return structure(loader);
        });

        try
        {
            loader.Fill(device, read);
            return (arena, weights);
        }
        catch
        {
            arena.Dispose();
            throw;
        }
    }

    /// <summary>A tensor read as it is.</summary>
    public Tensor Tensor(string name, params ReadOnlySpan<int> extents)
    {
        Tensor tensor = _arena!.Take(DType.F32, extents);
        _tensors.Add((name, tensor));
        return tensor;
    }

    /// <summary>A linear map read from <c>name.weight</c> and <c>name.bias</c>.</summary>
    public LinearWeights Linear(string name, int outputs, int inputs)
    {
        Matrix matrix = _arena!.TakeMatrix(DType.F32, outputs, inputs);
        _matrices.Add(($"{name}.weight", matrix));
        return new LinearWeights(matrix, Tensor($"{name}.bias", outputs));
    }

    private void Fill(Device device, WeightReader read)
    {
        float[] buffer = [];
        foreach ((string name, Tensor tensor) in _tensors)
        {
            device.Upload(tensor, Read(name, tensor.Shape.Count));
        }

        foreach ((string name, Matrix matrix) in _matrices)
        {
            device.WriteMatrix(matrix, 0, Read(name, (long)matrix.Outputs * matrix.Inputs));
        }

        Span<float> Read(string name, long count)
        {
            int length = checked((int)count);
            if (buffer.Length < length)
            {
                buffer = new float[length];
            }

            Span<float> values = buffer.AsSpan(0, length);
            read(name, values);
            return values;
        }
    }
}
