using L2c.Testing;
using L2c.Testing.Golden;
using L2c.Weights;

namespace L2c.Model.Tests.Golden;

/// <summary>Kind "tensors": a PyTorch file with odd strides and shared storage against the same tensors in safetensors.</summary>
internal static class StoredTensorsGolden
{
    public static string Checkpoint(GoldenCase golden) => Path.Combine(
        RepositoryPaths.Checkpoints ?? Path.Combine(golden.Folder, "..", "checkpoints"),
        golden.Case.GetProperty("checkpoint").GetString()!);

    public static GoldenResult Run(GoldenCase golden)
    {
        var result = new GoldenResult(golden);
        using GoldenTensors recorded = golden.Open();
        using var checkpoint = new GoldenTensors(Checkpoint(golden));
        foreach (string name in golden.Exact)
        {
            TensorInfo expected = recorded.Info(name), actual = checkpoint.Info(name);
            result.CompareExactly<long>($"{name}.shape", actual.Shape, expected.Shape);
            result.CompareExactly<byte>(name, checkpoint.Bytes(actual), recorded.Bytes(expected));
        }

        return result;
    }
}
