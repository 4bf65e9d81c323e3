using System.Globalization;
using System.Runtime.InteropServices;
using L2c.Weights.Zip;

namespace L2c.Weights.PyTorch;

/// <summary>Whole files as <c>torch.save</c> writes them (zip form) from float32 data in memory, for small results such as routers.</summary>
public static class TorchData
{
    private const string Root = "archive/";

    /// <summary>Writes a dictionary of float32 tensors that <c>torch.load(weights_only=True)</c> reads. Equal content gives equal files.</summary>
    /// <param name="path">Where the file shall appear.</param>
    /// <param name="nest">Null: the dictionary alone; otherwise it is the only value of a dictionary under this key.</param>
    /// <param name="tensors">Name, shape and elements of each tensor, row-major; together below 4 GiB.</param>
    /// <param name="overwrite">Whether an existing file may be replaced.</param>
    /// <exception cref="ArgumentException">Elements do not fit their shape, or a name occurs twice.</exception>
    /// <exception cref="IOException">The file exists and may not be replaced, or cannot be written.</exception>
    public static void Write(string path, string? nest, IEnumerable<(string Name, long[] Shape, float[] Elements)> tensors, bool overwrite)
    {
        (TensorInfo Info, float[] Elements)[] all = [.. tensors.Select(t => (new TensorInfo(t.Name, TensorType.F32, t.Shape), t.Elements))];
        HashSet<string> names = new(StringComparer.Ordinal);
        foreach ((TensorInfo info, float[] elements) in all)
        {
            if (elements.Length != info.Count || !names.Add(info.Name))
            {
                throw new ArgumentException($"{info} has {elements.Length} elements, or its name occurs twice", nameof(tensors));
            }
        }

        if (!BitConverter.IsLittleEndian)
        {
            throw new PlatformNotSupportedException("tensor files are little-endian, and this machine is not");
        }

        AtomicFile.Write(path, overwrite, stream =>
        {
            StoredZipWriter zip = new(stream);
            zip.Add(Root + "data.pkl", TorchPickleWriter.Write(nest, [.. all.Select(t => t.Info)]));
            zip.Add(Root + "byteorder", "little"u8);
            for (int i = 0; i < all.Length; i++)
            {
                zip.Add(string.Create(CultureInfo.InvariantCulture, $"{Root}data/{i}"), MemoryMarshal.AsBytes(all[i].Elements.AsSpan()));
            }

            zip.Add(Root + "version", "3\n"u8); // of the zip layout, since PyTorch 1.6
            zip.Finish();
        });
    }
}
