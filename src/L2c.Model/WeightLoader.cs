using L2c.Kernels;
using L2c.Model.Training;

namespace L2c.Model;

/// <summary>Reads one tensor by its published name, row-major, as fp32.</summary>
/// <param name="name">As <c>blocks.0.attn.qkv.weight</c>.</param>
/// <param name="destination">Exactly as long as the tensor.</param>
public delegate void WeightReader(string name, Span<float> destination);

/// <summary>When the gradient of a linear map's input is wanted.</summary>
internal enum InputGradient
{
    /// <summary>Never: nothing before it is trained.</summary>
    Never,
    /// <summary>When the weights themselves are trained.</summary>
    ForWeights,
    /// <summary>When routers are trained, too.</summary>
    ForRouters,
}

/// <summary>Carves a network's weights from one arena and fills them: the structure is written once, as the calls that take tensors.</summary>
/// <remarks>Trained parameters lie elsewhere, and what is loaded here are the layouts that ops read: those have to be packed after loading.</remarks>
internal sealed class WeightLoader
{
    private readonly Device _device;
    private readonly WeightUse _use;
    private readonly TrainedParameters? _trained;
    private readonly List<(string Name, long Count, Store Store)> _reads = [];
    private Arena? _arena;

    private WeightLoader(Device device, WeightUse use, TrainedParameters? trained) => (_device, _use, _trained) = (device, use, trained);

    private delegate void Store(ReadOnlySpan<float> values);

    /// <summary>Carves what <paramref name="structure"/> takes, then reads every tensor from <paramref name="read"/>.</summary>
    public static (Arena Arena, T Weights) Load<T>(
        Device device, WeightUse use, TrainedParameters? trained, WeightReader read, Func<WeightLoader, T> structure)
    {
        var loader = new WeightLoader(device, use, trained);
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
    public static (long Bytes, T Weights) OnPaper<T>(Device device, WeightUse use, TrainedParameters? trained, Func<WeightLoader, T> structure) =>
        Arena.Count(device, "weights on paper", arena => structure(new WeightLoader(device, use, trained) { _arena = arena }));

    /// <summary>A tensor read as it is.</summary>
    public Tensor Tensor(string name, params ReadOnlySpan<int> extents)
    {
        Tensor tensor = _trained?.Has(name) == true ? _trained.View(ParameterState.Weights, name, extents) : _arena!.Take(extents);
        _reads.Add((name, tensor.Shape.Count, values => _device.Upload(tensor, values)));
        return tensor;
    }

    /// <summary>A tensor's gradient; none where it is not trained.</summary>
    public Tensor Gradient(string name, params ReadOnlySpan<int> extents) =>
        _trained?.Has(name) == true ? _trained.View(ParameterState.Gradient, name, extents) : default;

    /// <summary>A linear map read from <c>name.weight</c> and <c>name.bias</c>.</summary>
    /// <param name="name">Prefix of <c>.weight</c> and <c>.bias</c>.</param>
    /// <param name="outputs">N.</param>
    /// <param name="inputs">K.</param>
    /// <param name="gradient">When the matrix is also kept transposed.</param>
    public LinearWeights Linear(string name, int outputs, int inputs, InputGradient gradient) => LinearParts(name, inputs, gradient, outputs)[0];

    /// <summary>One stored linear map as several, each with a range of the outputs, so that they can be computed apart.</summary>
    /// <param name="name">Prefix of <c>.weight</c> and <c>.bias</c>.</param>
    /// <param name="inputs">K.</param>
    /// <param name="gradient">As in <see cref="Linear"/>.</param>
    /// <param name="outputs">Outputs of each part, in stored order.</param>
    public LinearWeights[] LinearParts(string name, int inputs, InputGradient gradient, params int[] outputs)
    {
        bool transposes = gradient == InputGradient.ForRouters
            ? _trained is not null || _use == WeightUse.RouterTraining
            : _trained is not null && gradient == InputGradient.ForWeights;
        Matrix[] matrices = [.. outputs.Select(n => _arena!.TakeMatrix(n, inputs))];
        Matrix[] transposed = [.. matrices.Select(matrix => transposes ? _arena!.TakeTransposed(matrix) : default)];
        _reads.Add(($"{name}.weight", (long)outputs.Sum() * inputs, values =>
        {
            if (_trained is not null)
            {
                _device.Upload(_trained.View(ParameterState.Weights, $"{name}.weight"), values);
                return;
            }

            for (int i = 0; i < matrices.Length; i++)
            {
                int count = matrices[i].Outputs * inputs;
                _device.WriteMatrix(matrices[i], 0, values[..count]);
                if (transposes)
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
            TrainedLinear? trained = _trained is null ? null : TakeTrained(name, inputs, first, outputs[i]);
            parts[i] = new LinearWeights(matrices[i], bias.SliceColumns(first, outputs[i]), transposed[i], trained);
        }

        return parts;
    }

    private TrainedLinear TakeTrained(string name, int inputs, int first, int outputs)
    {
        return new TrainedLinear(Rows(ParameterState.Weights), Rows(ParameterState.Gradient), Slice(ParameterState.Gradient, "bias", 1));

        Tensor Rows(ParameterState state) => Slice(state, "weight", inputs).Reshape(outputs, inputs);

        Tensor Slice(ParameterState state, string tensor, int width) =>
            TrainedParameters.Slice(_trained!.View(state, $"{name}.{tensor}"), first * width, outputs * width);
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
