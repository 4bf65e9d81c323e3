using L2c.Weights.Layouts;
using L2c.Weights.Safetensors;
using NamedTensor = (string Name, long[] Shape, float[] Elements);

namespace L2c.Weights.Tests.Layouts;

/// <summary>Checkpoints of a DiT small enough to write in a test; every value is different.</summary>
internal static class SmallModels
{
    public static DitArchitecture Dit { get; } = new()
    {
        Name = "small",
        InputSize = 4,
        PatchSize = 2,
        InChannels = 4,
        HiddenSize = 8,
        Depth = 2,
        Heads = 2,
        NumClasses = 3,
        HasNullClass = true,
    };

    public static LayoutHints Hints { get; } = new() { Heads = 2 };

    /// <summary>Name, shape and values of every tensor; values count up from <paramref name="first"/>.</summary>
    public static List<NamedTensor> Tensors(DitArchitecture? architecture = null, float first = 0, string prefix = "")
    {
        float next = first;
        return [.. DitLayout.Tensors(architecture ?? Dit).Select(tensor =>
        {
            float[] values = new float[tensor.Shape.Aggregate(1L, (a, b) => a * b)];
            for (int i = 0; i < values.Length; i++)
            {
                values[i] = next++;
            }

            return (prefix + tensor.Name, tensor.Shape, values);
        })];
    }

    /// <summary>Writes a file and resolves it.</summary>
    public static T Resolve<T>(
        IEnumerable<NamedTensor> tensors, Func<WeightsFile, T> use, LayoutHints? hints = null, string? metadata = null)
    {
        using TemporaryFolder folder = new();
        string path = folder.File("model.safetensors");
        Write(path, tensors, metadata);
        using TensorFile file = TensorFiles.Open(path);
        return use(WeightsLayout.Resolve(file, hints ?? Hints));
    }

    /// <summary>Writes a safetensors file whose architecture metadata are that text, or none.</summary>
    public static void Write(string path, IEnumerable<NamedTensor> tensors, string? metadata)
    {
        Dictionary<string, string> all = metadata is null ? [] : new() { [Architecture.MetadataKey] = metadata };
        SafetensorsData.Write(path, tensors, all, overwrite: false);
    }

    /// <summary>All values of a canonical tensor.</summary>
    public static float[] Read(this WeightsFile checkpoint, string name)
    {
        float[] values = new float[checkpoint.Find(name).Count];
        checkpoint.Read(name, values);
        return values;
    }
}
