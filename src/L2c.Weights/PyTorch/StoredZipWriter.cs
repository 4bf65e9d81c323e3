using System.Buffers;
using System.Buffers.Binary;
using System.IO.Hashing;
using System.Text;

namespace L2c.Weights.PyTorch;

/// <summary>Writes a zip archive of stored entries whose bytes start at multiples of 64, without times: equal entries give equal archives.</summary>
/// <remarks>
/// Below 4 GiB, so without zip64. As in torch.save's archives, an extra field of the local header makes the alignment, so that storages can
/// be mapped.
/// Source: PKWARE, .ZIP File Format Specification (APPNOTE), sections 4.3.7, 4.3.12 and 4.3.16.
/// </remarks>
/// <param name="stream">Where to; it is at its start.</param>
internal sealed class StoredZipWriter(Stream stream)
{
    private const int Alignment = 64;
    private const int LocalHeaderBytes = 30;
    private const int ExtraPrefixBytes = 4;
    private const ushort PaddingId = 0x4246; // "FB", the identifier of torch.save's padding
    private const ushort Version = 10;
    private const ushort FirstDay = 0x0021; // 1980-01-01, the earliest that the format can say

    private readonly ArrayBufferWriter<byte> _directory = new();
    private long _position;
    private ushort _entries;

    /// <summary>Appends an entry.</summary>
    /// <param name="name">ASCII.</param>
    /// <param name="content">Its bytes.</param>
    public void Add(string name, ReadOnlySpan<byte> content)
    {
        byte[] ascii = Encoding.ASCII.GetBytes(name);
        int padding = (int)(Alignment - ((_position + LocalHeaderBytes + ascii.Length + ExtraPrefixBytes) % Alignment)) % Alignment;
        byte[] local = new byte[LocalHeaderBytes + ascii.Length + ExtraPrefixBytes + padding];
        BinaryPrimitives.WriteUInt32LittleEndian(local, 0x04034B50);
        WriteCommon(local.AsSpan(4), content, ascii.Length);
        BinaryPrimitives.WriteUInt16LittleEndian(local.AsSpan(28), (ushort)(ExtraPrefixBytes + padding));
        ascii.CopyTo(local.AsSpan(LocalHeaderBytes));
        Span<byte> extra = local.AsSpan(LocalHeaderBytes + ascii.Length);
        BinaryPrimitives.WriteUInt16LittleEndian(extra, PaddingId);
        BinaryPrimitives.WriteUInt16LittleEndian(extra[2..], (ushort)padding);
        extra[ExtraPrefixBytes..].Fill((byte)'Z');

        byte[] central = new byte[46];
        BinaryPrimitives.WriteUInt32LittleEndian(central, 0x02014B50);
        BinaryPrimitives.WriteUInt16LittleEndian(central.AsSpan(4), Version);
        WriteCommon(central.AsSpan(6), content, ascii.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(central.AsSpan(42), checked((uint)_position));
        _directory.Write(central);
        _directory.Write(ascii);

        stream.Write(local);
        stream.Write(content);
        _position += local.Length + content.Length;
        _entries = checked((ushort)(_entries + 1));
    }

    /// <summary>Writes the central directory. Once, after the last entry.</summary>
    public void Finish()
    {
        byte[] end = new byte[22];
        BinaryPrimitives.WriteUInt32LittleEndian(end, 0x06054B50);
        BinaryPrimitives.WriteUInt16LittleEndian(end.AsSpan(8), _entries);
        BinaryPrimitives.WriteUInt16LittleEndian(end.AsSpan(10), _entries);
        BinaryPrimitives.WriteUInt32LittleEndian(end.AsSpan(12), checked((uint)_directory.WrittenCount));
        BinaryPrimitives.WriteUInt32LittleEndian(end.AsSpan(16), checked((uint)_position));
        stream.Write(_directory.WrittenSpan);
        stream.Write(end);
    }

    /// <summary>What both headers have between their signature and the length of the extra field: 24 bytes.</summary>
    private static void WriteCommon(Span<byte> header, ReadOnlySpan<byte> content, int nameBytes)
    {
        BinaryPrimitives.WriteUInt16LittleEndian(header, Version);
        BinaryPrimitives.WriteUInt16LittleEndian(header[8..], FirstDay);
        BinaryPrimitives.WriteUInt32LittleEndian(header[10..], Crc32.HashToUInt32(content));
        BinaryPrimitives.WriteUInt32LittleEndian(header[14..], (uint)content.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(header[18..], (uint)content.Length);
        BinaryPrimitives.WriteUInt16LittleEndian(header[22..], (ushort)nameBytes);
    }
}
