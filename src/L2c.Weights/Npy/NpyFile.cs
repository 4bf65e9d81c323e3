using System.Text;

namespace L2c.Weights.Npy;

/// <summary>Writes NumPy's npy format, version 1.0: one array, little-endian, C order.</summary>
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

    private static byte[] Header(TensorType type, long[] shape)
    {
        string descr = type switch
        {
            TensorType.F64 => "<f8",
            TensorType.F32 => "<f4",
            TensorType.F16 => "<f2",
            TensorType.I64 => "<i8",
            TensorType.I32 => "<i4",
            TensorType.U8 => "|u1",
            TensorType.Bool => "|b1",
            _ => throw new ArgumentException($"npy has no {type.Label()}; convert to F32 first", nameof(type)),
        };

        // A Python tuple of one element needs its comma.
        string extents = string.Join(", ", shape) + (shape.Length == 1 ? "," : "");
        string dict = $"{{'descr': '{descr}', 'fortran_order': False, 'shape': ({extents}), }}";
        int total = (PrefixBytes + dict.Length + 1 + Alignment - 1) / Alignment * Alignment;
        byte[] header = new byte[total];
        Array.Fill(header, (byte)' ');
        ReadOnlySpan<byte> magic = [0x93, (byte)'N', (byte)'U', (byte)'M', (byte)'P', (byte)'Y', 1, 0];
        magic.CopyTo(header);
        System.Buffers.Binary.BinaryPrimitives.WriteUInt16LittleEndian(header.AsSpan(8), checked((ushort)(total - PrefixBytes)));
        _ = Encoding.ASCII.GetBytes(dict, header.AsSpan(PrefixBytes));
        header[^1] = (byte)'\n';
        return header;
    }
}
