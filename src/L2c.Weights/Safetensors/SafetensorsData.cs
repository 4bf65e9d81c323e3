using System.Runtime.InteropServices;

namespace L2c.Weights.Safetensors;

/// <summary>Whole safetensors files from data in memory, for small results such as latents and routers.</summary>
public static class SafetensorsData
{
    /// <summary>Writes tensors given as little-endian bytes.</summary>
    /// <param name="path">Where the file shall appear.</param>
    /// <param name="tensors">Directory entry and elements of each tensor, row-major.</param>
    /// <param name="metadata">Text for <c>__metadata__</c>, or null for none.</param>
    /// <param name="overwrite">Whether an existing file may be replaced.</param>
    /// <exception cref="ArgumentException">Elements do not fit their entry, or as <see cref="SafetensorsWriter"/>.</exception>
    /// <exception cref="IOException">As <see cref="SafetensorsWriter"/>.</exception>
    public static void Write(
        string path, IEnumerable<(TensorInfo Info, ReadOnlyMemory<byte> Elements)> tensors, IReadOnlyDictionary<string, string>? metadata, bool overwrite)
    {
        (TensorInfo Info, ReadOnlyMemory<byte> Elements)[] all = [.. tensors];
        foreach ((TensorInfo info, ReadOnlyMemory<byte> elements) in all)
        {
            if (elements.Length != info.Bytes)
            {
                throw new ArgumentException($"{info} needs {info.Bytes} bytes but has {elements.Length}", nameof(tensors));
            }
        }

        using SafetensorsWriter writer = new(path, [.. all.Select(t => t.Info)], metadata ?? new Dictionary<string, string>(), overwrite);
        foreach ((_, ReadOnlyMemory<byte> elements) in all)
        {
            writer.Write(elements.Span);
        }

        writer.Commit();
    }

    /// <summary>Writes F32 tensors.</summary>
    /// <param name="path">Where the file shall appear.</param>
    /// <param name="tensors">Name, shape and elements of each tensor, row-major.</param>
    /// <param name="metadata">Text for <c>__metadata__</c>, or null for none.</param>
    /// <param name="overwrite">Whether an existing file may be replaced.</param>
    /// <exception cref="ArgumentException">Elements do not fit their shape, or as <see cref="SafetensorsWriter"/>.</exception>
    /// <exception cref="IOException">As <see cref="SafetensorsWriter"/>.</exception>
    public static void Write(
        string path, IEnumerable<(string Name, long[] Shape, float[] Elements)> tensors, IReadOnlyDictionary<string, string>? metadata, bool overwrite) =>
        Write(path, tensors.Select(t => (new TensorInfo(t.Name, TensorType.F32, t.Shape), LittleEndian(t.Elements))), metadata, overwrite);

    private static ReadOnlyMemory<byte> LittleEndian(float[] values) =>
        BitConverter.IsLittleEndian
            ? MemoryMarshal.AsBytes(values.AsSpan()).ToArray()
            : throw new PlatformNotSupportedException("tensor files are little-endian, and this machine is not");
}
