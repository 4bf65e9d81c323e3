using L2c.Weights.Zip;

namespace L2c.Weights.Npy;

/// <summary>Writes NumPy's npz format: arrays that are stored, each in as many parts as one likes. Equal arrays give equal files.</summary>
/// <param name="stream">Where to; seekable, at its start.</param>
public sealed class NpzWriter(Stream stream)
{
    private readonly StoredZipWriter _zip = new(stream);

    /// <summary>Begins an array.</summary>
    /// <param name="name">Its name, ASCII.</param>
    /// <param name="type">Element type; any but BF16.</param>
    /// <param name="shape">Extent per axis, outermost first.</param>
    /// <exception cref="ArgumentException">The type has no npy form.</exception>
    public void Begin(string name, TensorType type, params long[] shape)
    {
        byte[] header = NpyFile.Header(type, shape);
        _zip.Begin($"{name}.npy", header.Length + new TensorInfo(name, type, shape).Bytes);
        _zip.Write(header);
    }

    /// <summary>Appends to the array that was begun.</summary>
    /// <param name="elements">Little-endian elements, row-major.</param>
    public void Write(ReadOnlySpan<byte> elements) => _zip.Write(elements);

    /// <summary>Ends the array that was begun.</summary>
    /// <exception cref="InvalidOperationException">Its elements do not fill its shape.</exception>
    public void End() => _zip.End();

    /// <summary>Ends the file. Once, after the last array.</summary>
    public void Finish() => _zip.Finish();
}
