using L2c.Weights;
using L2c.Weights.Layouts;
using Microsoft.ML.OnnxRuntime;

namespace L2c.Bench.Forward;

/// <summary>A DiT in ONNX Runtime's CPU provider, with inputs of its own: x [B,C,L,L] and t [B] in fp32, y [B] in int64.</summary>
internal sealed class OnnxNetwork : IDisposable
{
    private static readonly string[] _inputNames = ["x", "t", "y"];

    private readonly SessionOptions _options = new();
    private readonly RunOptions _runOptions = new();
    private readonly InferenceSession _session;
    private readonly OrtValue[] _inputs;

    /// <param name="path">The network.</param>
    /// <param name="architecture">What it must be.</param>
    /// <param name="batch">B.</param>
    /// <param name="threads">Threads within an op; ops run one after another.</param>
    /// <exception cref="MalformedFileException">No network, or of other shapes.</exception>
    public OnnxNetwork(string path, TransformerArchitecture architecture, int batch, int threads)
    {
        _options.IntraOpNumThreads = threads;
        _options.InterOpNumThreads = 1;
        _options.ExecutionMode = ExecutionMode.ORT_SEQUENTIAL;
        _options.GraphOptimizationLevel = GraphOptimizationLevel.ORT_ENABLE_ALL;

        // Its threads spin between the ops of a run, but not into the other contestants' time.
        _options.AddSessionConfigEntry("session.force_spinning_stop", "1");
        try
        {
            _session = new InferenceSession(path, _options);
        }
        catch (OnnxRuntimeException e)
        {
            throw new MalformedFileException(path, $"ONNX Runtime cannot read it ({e.Message.ReplaceLineEndings(" ")}); get the file again");
        }

        int side = architecture.InputSize;
        Require(path, "x", batch, architecture.InChannels, side, side);
        Require(path, "t", batch);
        Require(path, "y", batch);
        float[] x = new float[batch * architecture.InChannels * side * side];
        Random random = new(1);
        for (int i = 0; i < x.Length; i++)
        {
            x[i] = (2 * random.NextSingle()) - 1;
        }

        _inputs =
        [
            OrtValue.CreateTensorValueFromMemory(x, [batch, architecture.InChannels, side, side]),
            OrtValue.CreateTensorValueFromMemory(Enumerable.Range(0, batch).Select(i => 999f * i / batch).ToArray(), [batch]),
            OrtValue.CreateTensorValueFromMemory(Enumerable.Range(0, batch).Select(i => (long)i).ToArray(), [batch]),
        ];
    }

    /// <summary>ONNX Runtime's release.</summary>
    public static string Version => OrtEnv.Instance().GetVersionString();

    /// <summary>One call.</summary>
    public void Run()
    {
        using IDisposableReadOnlyCollection<OrtValue> outputs = _session.Run(_runOptions, _inputNames, _inputs, _session.OutputNames);
    }

    /// <summary>Frees network and inputs.</summary>
    public void Dispose()
    {
        Array.ForEach(_inputs, input => input.Dispose());
        _session.Dispose();
        _runOptions.Dispose();
        _options.Dispose();
    }

    // A size that the network leaves open is -1.
    private void Require(string path, string name, params int[] shape)
    {
        int[]? found = _session.InputMetadata.GetValueOrDefault(name)?.Dimensions;
        if (found is null || found.Length != shape.Length || found.Zip(shape).Any(sizes => sizes.First != sizes.Second && sizes.First != -1))
        {
            string what = found is null ? "none" : $"[{string.Join(", ", found)}]";
            _session.Dispose();
            throw new MalformedFileException(
                path, $"input {name} [{string.Join(", ", shape)}] expected, found {what}; name the peers' folder by --peers");
        }
    }
}
