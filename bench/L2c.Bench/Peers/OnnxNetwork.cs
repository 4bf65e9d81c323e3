using L2c.Weights;
using Microsoft.ML.OnnxRuntime;

namespace L2c.Bench.Peers;

/// <summary>A network in ONNX Runtime's CPU provider, with inputs of its own.</summary>
internal sealed class OnnxNetwork : IDisposable
{
    private readonly SessionOptions _options = new();
    private readonly RunOptions _runOptions = new();
    private readonly InferenceSession _session;
    private readonly string[] _names;
    private readonly OrtValue[] _inputs;

    /// <param name="path">The network.</param>
    /// <param name="threads">Threads within an op; ops run one after another.</param>
    /// <param name="inputs">What it must have, and is run on.</param>
    /// <exception cref="MalformedFileException">No network, or of other shapes.</exception>
    public OnnxNetwork(string path, int threads, params OnnxInput[] inputs)
        : this(threads, inputs, options => Open(path, options)) => Array.ForEach(inputs, input => Require(path, input));

    /// <param name="network">The bytes of a network that has the inputs.</param>
    /// <param name="threads">As above.</param>
    /// <param name="inputs">What it is run on.</param>
    public OnnxNetwork(byte[] network, int threads, params OnnxInput[] inputs)
        : this(threads, inputs, options => new InferenceSession(network, options))
    {
    }

    private OnnxNetwork(int threads, OnnxInput[] inputs, Func<SessionOptions, InferenceSession> open)
    {
        _options.IntraOpNumThreads = threads;
        _options.InterOpNumThreads = 1;
        _options.ExecutionMode = ExecutionMode.ORT_SEQUENTIAL;
        _options.GraphOptimizationLevel = GraphOptimizationLevel.ORT_ENABLE_ALL;

        // Its threads spin between the ops of a run, but not into the other contestants' time.
        _options.AddSessionConfigEntry("session.force_spinning_stop", "1");
        _session = open(_options);
        _names = Array.ConvertAll(inputs, input => input.Name);
        _inputs = Array.ConvertAll(inputs, input => input.Create());
    }

    /// <summary>ONNX Runtime's release.</summary>
    public static string Version => OrtEnv.Instance().GetVersionString();

    /// <summary>One call.</summary>
    public void Run()
    {
        using IDisposableReadOnlyCollection<OrtValue> outputs = _session.Run(_runOptions, _names, _inputs, _session.OutputNames);
    }

    /// <summary>One call.</summary>
    /// <returns>The values of the first output.</returns>
    public float[] Evaluate()
    {
        using IDisposableReadOnlyCollection<OrtValue> outputs = _session.Run(_runOptions, _names, _inputs, _session.OutputNames);
        return outputs[0].GetTensorDataAsSpan<float>().ToArray();
    }

    /// <summary>Frees network and inputs.</summary>
    public void Dispose()
    {
        Array.ForEach(_inputs, input => input.Dispose());
        _session.Dispose();
        _runOptions.Dispose();
        _options.Dispose();
    }

    private static InferenceSession Open(string path, SessionOptions options)
    {
        try
        {
            return new InferenceSession(path, options);
        }
        catch (OnnxRuntimeException e)
        {
            throw new MalformedFileException(path, $"ONNX Runtime cannot read it ({e.Message.ReplaceLineEndings(" ")}); get the file again");
        }
    }

    // A size that the network leaves open is -1.
    private void Require(string path, OnnxInput input)
    {
        int[]? found = _session.InputMetadata.GetValueOrDefault(input.Name)?.Dimensions;
        if (found is null || found.Length != input.Shape.Length || found.Zip(input.Shape).Any(sizes => sizes.First != sizes.Second && sizes.First != -1))
        {
            string what = found is null ? "none" : $"[{string.Join(", ", found)}]";
            _session.Dispose();
            throw new MalformedFileException(
                path, $"input {input.Name} [{string.Join(", ", input.Shape)}] expected, found {what}; name the peers' folder by --peers");
        }
    }
}
