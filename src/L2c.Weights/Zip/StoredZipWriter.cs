using System.Buffers;
using System.Buffers.Binary;
using System.IO.Hashing;
using System.Text;

namespace L2c.Weights.Zip;

/// <summary>Writes a zip archive of stored entries whose bytes start at multiples of 64, without times: equal entries give equal archives.</summary>
/// <remarks>
/// Of any size: entries and offsets of 4 GiB and more are written in zip64's form, smaller ones in the plain one. As in torch.save's archives, an
/// extra field of the local header makes the alignment, so that storages can be mapped.
/// Source: PKWARE, .ZIP File Format Specification (APPNOTE), sections 4.3.7, 4.3.12 to 4.3.16 and 4.5.3.
/// </remarks>
/// <param name="stream">Where to; it is at its start. Seekable, for entries that are written in parts.</param>
internal sealed class StoredZipWriter(Stream stream)
{
    private const int Alignment = 64;
    private const int LocalHeaderBytes = 30, CentralHeaderBytes = 46;
    private const int ExtraPrefixBytes = 4;
    private const int LocalZip64Bytes = ExtraPrefixBytes + (2 * sizeof(long));
    private const int CrcOffset = 14;
    private const ushort PaddingId = 0x4246; // "FB", the identifier of torch.save's padding
    private const ushort Version = 10, Zip64Version = 45;
    private const ushort FirstDay = 0x0021; // 1980-01-01, the earliest that the format can say

    private readonly ArrayBufferWriter<byte> _directory = new();
    private long _position;
    private ushort _entries;
    private OpenEntry? _open;

    /// <summary>Appends an entry.</summary>
    /// <param name="name">ASCII.</param>
    /// <param name="content">Its bytes.</param>
    public void Add(string name, ReadOnlySpan<byte> content)
    {
        Begin(name, content.Length, Crc32.HashToUInt32(content));
        Write(content);
        WriteCentral(_open!, _open!.Crc);
    }

    /// <summary>Begins an entry whose bytes follow in parts.</summary>
    /// <param name="name">ASCII.</param>
    /// <param name="length">Bytes that will be written.</param>
    public void Begin(string name, long length) => Begin(name, length, 0);

    /// <summary>Appends to the entry that was begun.</summary>
    public void Write(ReadOnlySpan<byte> part)
    {
        stream.Write(part);
        _position += part.Length;
        _open!.Hash.Append(part);
    }

    /// <summary>Ends the entry that was begun.</summary>
    /// <exception cref="InvalidOperationException">It has other bytes than were promised.</exception>
    public void End()
    {
        OpenEntry entry = _open!;
        if (_position - entry.DataOffset != entry.Length)
        {
            throw new InvalidOperationException($"{entry.Name} has {_position - entry.DataOffset} bytes instead of {entry.Length}");
        }

        // Known only now.
        uint crc = entry.Hash.GetCurrentHashAsUInt32();
        byte[] bytes = new byte[sizeof(uint)];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, crc);
        long end = stream.Position;
        stream.Position = end - _position + entry.Offset + CrcOffset;
        stream.Write(bytes);
        stream.Position = end;
        WriteCentral(entry, crc);
    }

    /// <summary>Writes the central directory. Once, after the last entry.</summary>
    public void Finish()
    {
        long start = _position;
        stream.Write(_directory.WrittenSpan);
        if (start >= uint.MaxValue)
        {
            WriteZip64End(start);
        }

        byte[] end = new byte[22];
        BinaryPrimitives.WriteUInt32LittleEndian(end, 0x06054B50);
        BinaryPrimitives.WriteUInt16LittleEndian(end.AsSpan(8), _entries);
        BinaryPrimitives.WriteUInt16LittleEndian(end.AsSpan(10), _entries);
        BinaryPrimitives.WriteUInt32LittleEndian(end.AsSpan(12), checked((uint)_directory.WrittenCount));
        BinaryPrimitives.WriteUInt32LittleEndian(end.AsSpan(16), Short(start));
        stream.Write(end);
    }

    private void Begin(string name, long length, uint crc)
    {
        byte[] ascii = Encoding.ASCII.GetBytes(name);
        bool isLong = length >= uint.MaxValue;
        int fixedBytes = LocalHeaderBytes + ascii.Length + (isLong ? LocalZip64Bytes : 0) + ExtraPrefixBytes;
        int padding = (int)(Alignment - ((_position + fixedBytes) % Alignment)) % Alignment;
        byte[] local = new byte[fixedBytes + padding];
        BinaryPrimitives.WriteUInt32LittleEndian(local, 0x04034B50);
        WriteCommon(local.AsSpan(4), isLong ? Zip64Version : Version, crc, length, ascii.Length);
        BinaryPrimitives.WriteUInt16LittleEndian(local.AsSpan(28), (ushort)(local.Length - LocalHeaderBytes - ascii.Length));
        ascii.CopyTo(local.AsSpan(LocalHeaderBytes));
        Span<byte> extra = local.AsSpan(LocalHeaderBytes + ascii.Length);
        if (isLong)
        {
            Zip64Extra.Write(extra, length, length);
            extra = extra[LocalZip64Bytes..];
        }

        BinaryPrimitives.WriteUInt16LittleEndian(extra, PaddingId);
        BinaryPrimitives.WriteUInt16LittleEndian(extra[2..], (ushort)padding);
        extra[ExtraPrefixBytes..].Fill((byte)'Z');
        stream.Write(local);
        _open = new OpenEntry(name, _position, _position + local.Length, length, crc, new Crc32());
        _position += local.Length;
    }

    private void WriteCentral(OpenEntry entry, uint crc)
    {
        byte[] ascii = Encoding.ASCII.GetBytes(entry.Name), extra = [];
        bool isLong = entry.Length >= uint.MaxValue, isFar = entry.Offset >= uint.MaxValue;
        if (isLong || isFar)
        {
            long[] values = [.. isLong ? [entry.Length, entry.Length] : Array.Empty<long>(), .. isFar ? [entry.Offset] : Array.Empty<long>()];
            extra = new byte[ExtraPrefixBytes + (values.Length * sizeof(long))];
            Zip64Extra.Write(extra, values);
        }

        byte[] central = new byte[CentralHeaderBytes];
        BinaryPrimitives.WriteUInt32LittleEndian(central, 0x02014B50);
        BinaryPrimitives.WriteUInt16LittleEndian(central.AsSpan(4), extra.Length > 0 ? Zip64Version : Version);
        WriteCommon(central.AsSpan(6), extra.Length > 0 ? Zip64Version : Version, crc, entry.Length, ascii.Length);
        BinaryPrimitives.WriteUInt16LittleEndian(central.AsSpan(30), (ushort)extra.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(central.AsSpan(42), Short(entry.Offset));
        _directory.Write(central);
        _directory.Write(ascii);
        _directory.Write(extra);
        _entries = checked((ushort)(_entries + 1));
        _open = null;
    }

    private void WriteZip64End(long start)
    {
        byte[] record = new byte[56], locator = new byte[20];
        BinaryPrimitives.WriteUInt32LittleEndian(record, 0x06064B50);
        BinaryPrimitives.WriteInt64LittleEndian(record.AsSpan(4), record.Length - 12);
        BinaryPrimitives.WriteUInt16LittleEndian(record.AsSpan(12), Zip64Version);
        BinaryPrimitives.WriteUInt16LittleEndian(record.AsSpan(14), Zip64Version);
        BinaryPrimitives.WriteInt64LittleEndian(record.AsSpan(24), _entries);
        BinaryPrimitives.WriteInt64LittleEndian(record.AsSpan(32), _entries);
        BinaryPrimitives.WriteInt64LittleEndian(record.AsSpan(40), _directory.WrittenCount);
        BinaryPrimitives.WriteInt64LittleEndian(record.AsSpan(48), start);
        BinaryPrimitives.WriteUInt32LittleEndian(locator, 0x07064B50);
        BinaryPrimitives.WriteInt64LittleEndian(locator.AsSpan(8), start + _directory.WrittenCount);
        BinaryPrimitives.WriteUInt32LittleEndian(locator.AsSpan(16), 1);
        stream.Write(record);
        stream.Write(locator);
    }

    private static uint Short(long value) => value >= uint.MaxValue ? uint.MaxValue : (uint)value;

    /// <summary>What both headers have between their signature and the length of the extra field: 24 bytes.</summary>
    private static void WriteCommon(Span<byte> header, ushort version, uint crc, long length, int nameBytes)
    {
        BinaryPrimitives.WriteUInt16LittleEndian(header, version);
        BinaryPrimitives.WriteUInt16LittleEndian(header[8..], FirstDay);
        BinaryPrimitives.WriteUInt32LittleEndian(header[10..], crc);
        BinaryPrimitives.WriteUInt32LittleEndian(header[14..], Short(length));
        BinaryPrimitives.WriteUInt32LittleEndian(header[18..], Short(length));
        BinaryPrimitives.WriteUInt16LittleEndian(header[22..], (ushort)nameBytes);
    }

    /// <summary>An entry whose bytes are being written.</summary>
    private sealed record OpenEntry(string Name, long Offset, long DataOffset, long Length, uint Crc, Crc32 Hash);
}
