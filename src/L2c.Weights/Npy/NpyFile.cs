using System.Buffers.Binary;
using System.Text;

namespace L2c.Weights.Npy;

/// <summary>Writes NumPy's npy format, version 1.0: one array, little-endian, C order. <see cref="NpyTensorFile"/> reads it.</summary>
/// <remarks>Source: NumPy Enhancement Proposal 1, "A Simple File Format for NumPy Arrays". NumPy has no bfloat16, so BF16 is refused.</remarks>
public static class NpyFile
{
    private const int Alignment = 64;
    private const int PrefixBytes = 10;

    /// <summary>Writes one array.</summary>
    /// <param name="path">Where the file shall appear.</param>
    /// <param name="type">Element type; any but BF16.</param>
    /// <param name="shape">Extent per axis, outermost first; empty for a scalar.</param>
    /// <param name="elements">Little-endian elements, row-major.</param>
    /// <param name="overwrite">Whether an existing file may be replaced.</param>
    /// <exception cref="ArgumentException">The elements do not fill the shape, or the type has no npy form.</exception>
    /// <exception cref="IOException">The file exists and may not be replaced, or cannot be written.</exception>
    public static void Write(string path, TensorType type, long[] shape, ReadOnlySpan<byte> elements, bool overwrite)
    {
        TensorInfo info = new(System.IO.Path.GetFileName(path), type, shape);
        if (elements.Length != info.Bytes)
        {
            throw new ArgumentException($"{info} needs {info.Bytes} bytes but has {elements.Length}", nameof(elements));
        }

        byte[] header = Header(type, shape);
        using AtomicFile file = new(path, overwrite);
        file.Stream.Write(header);
        file.Stream.Write(elements);
        file.Commit();
    }

    /// <summary>What comes before the elements.</summary>
    internal static byte[] Header(TensorType type, long[] shape)
    {
        string descr = NpyHeader.Descr(type) ?? throw new ArgumentException($"npy has no {type.Label()}; convert to F32 first", nameof(type));

        // A Python tuple of one element needs its comma.
        string extents = string.Join(", ", shape) + (shape.Length == 1 ? "," : "");
        string dict = $"{{'descr': '{descr}', 'fortran_order': False, 'shape': ({extents}), }}";
        int total = (PrefixBytes + dict.Length + 1 + Alignment - 1) / Alignment * Alignment;
        byte[] header = new byte[total];
        Array.Fill(header, (byte)' ');
        NpyHeader.Magic.CopyTo(header);
        (header[NpyHeader.Magic.Length], header[NpyHeader.Magic.Length + 1]) = (1, 0);
        BinaryPrimitives.WriteUInt16LittleEndian(header.AsSpan(8), checked((ushort)(total - PrefixBytes)));
        _ = Encoding.ASCII.GetBytes(dict, header.AsSpan(PrefixBytes));
        header[^1] = (byte)'\n';
        return header;
    }
}
