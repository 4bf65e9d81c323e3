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
    /// <param name="hasBias">Whether there is a bias; a map that is trained has one.</param>
    public LinearWeights Linear(string name, int outputs, int inputs, InputGradient gradient, bool hasBias = true)
    {
        bool transposes = gradient == InputGradient.ForRouters
            ? _trained is not null || _use == WeightUse.RouterTraining
            : _trained is not null && gradient == InputGradient.ForWeights;
        Matrix matrix = _arena!.TakeMatrix(outputs, inputs), transposed = transposes ? _arena.TakeTransposed(matrix) : default;
        Read($"{name}.weight", (long)outputs * inputs, values =>
        {
            _device.WriteMatrix(matrix, 0, values);
            if (transposes)
            {
                _device.WriteTransposed(transposed, 0, values);
            }
        });
        Tensor bias = hasBias ? Tensor($"{name}.bias", outputs) : default;
        return new LinearWeights(matrix, bias, transposed, _trained is null ? null : TakeTrained(name, inputs, 0, outputs));
    }

    /// <summary>A convolution read from <c>name.weight</c>, [O,C,h,w] as PyTorch stores it, and <c>name.bias</c>; for forward passes only.</summary>
    /// <param name="name">Prefix of <c>.weight</c> and <c>.bias</c>.</param>
    /// <param name="outputs">O.</param>
    /// <param name="inputs">C.</param>
    /// <param name="window">Of h x w pixels.</param>
    public ConvolutionWeights Convolution(string name, int outputs, int inputs, Window window)
    {
        int pixels = window.Pixels;
        Matrix matrix = _arena!.TakeMatrix(outputs, pixels * inputs);
        Read($"{name}.weight", (long)outputs * inputs * pixels, values =>
        {
            float[] permuted = new float[values.Length];
            for (int k = 0; k < permuted.Length; k++)
            {
                (int output, int within) = Math.DivRem(k, pixels * inputs);
                permuted[k] = values[(output * pixels * inputs) + (within % inputs * pixels) + (within / inputs)];
            }

            _device.WriteMatrix(matrix, 0, permuted);
        });
        return new ConvolutionWeights(matrix, Tensor($"{name}.bias", outputs), window);
    }

    /// <summary>Room for several linear maps of one input as one, to be filled by <see cref="Map"/>.</summary>
    /// <param name="outputs">N, of all maps.</param>
    /// <param name="inputs">K.</param>
    public LinearStack Stack(int outputs, int inputs) => new(_arena!.TakeMatrix(outputs, inputs), _arena.Take(outputs), []);

    /// <summary>Adds a linear map read from <c>name.weight</c> and <c>name.bias</c> to a stack.</summary>
    /// <param name="stack">Returned.</param>
    /// <param name="name">Prefix of <c>.weight</c> and <c>.bias</c>.</param>
    /// <param name="first">Its first output in the stack.</param>
    /// <param name="parts">Outputs of each part that has a gradient of its own, in stored order.</param>
    public LinearStack Map(LinearStack stack, string name, int first, params int[] parts)
    {
        int outputs = parts.Sum();
        Read($"{name}.weight", (long)outputs * stack.Weight.Inputs, values => _device.WriteMatrix(stack.Weight, first, values));
        Read($"{name}.bias", outputs, values => _device.Upload(TrainedParameters.Slice(stack.Bias, first, outputs), values));
        if (_trained is not null)
        {
            stack.Trained.Add(TakeTrained(name, stack.Weight, first, parts));
        }

        return stack;
    }

    private TrainedMap TakeTrained(string name, Matrix matrix, int first, int[] widths)
    {
        var parts = new LinearWeights[widths.Length];
        int outputs = 0;
        for (int i = 0; i < parts.Length; outputs += widths[i++])
        {
            Matrix part = matrix.SliceOutputs(first + outputs, widths[i]);
            parts[i] = new LinearWeights(part, default, _arena!.TakeTransposed(part), TakeTrained(name, matrix.Inputs, outputs, widths[i]));
        }

        Tensor values = _trained!.View(ParameterState.Weights, $"{name}.weight", outputs, matrix.Inputs);
        return new TrainedMap(first, values, _trained.View(ParameterState.Weights, $"{name}.bias"), parts);
    }

    private TrainedLinear TakeTrained(string name, int inputs, int first, int outputs)
    {
        return new TrainedLinear(Rows(ParameterState.Weights), Rows(ParameterState.Gradient), Slice(ParameterState.Gradient, "bias", 1));

        Tensor Rows(ParameterState state) => Slice(state, "weight", inputs).Reshape(outputs, inputs);

        Tensor Slice(ParameterState state, string tensor, int width) =>
            TrainedParameters.Slice(_trained!.View(state, $"{name}.{tensor}"), first * width, outputs * width);
    }

    // What is trained is read into its own memory, from which it is packed.
    private void Read(string name, long count, Store store) => _reads.Add(
        (name, count, _trained?.Has(name) == true ? values => _device.Upload(_trained.View(ParameterState.Weights, name), values) : store));

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
