using System.Buffers.Binary;
using System.Text;

namespace L2c.Weights.Zip;

/// <summary>Compares each entry's local header and data descriptor with the central directory, and finds where its data start.</summary>
/// <remarks>
/// Readers that trust one and readers that trust the other would see different files; an archive whose two copies disagree, or whose entries
/// overlap, is refused. Source: PKWARE APPNOTE.TXT 6.3, sections 4.3.7 and 4.3.9.
/// </remarks>
internal static class ZipLocalHeaders
{
    private const uint Signature = 0x04034B50;
    private const uint DescriptorSignature = 0x08074B50;
    private const int HeaderBytes = 30;
    private const int ShortDescriptorBytes = 16, LongDescriptorBytes = 24;

    /// <summary>The entries by name, each with its data offset.</summary>
    /// <exception cref="MalformedFileException">Local and central values disagree, or entries overlap.</exception>
    public static Dictionary<string, ZipEntry> Check(ByteSource source, List<ZipEntry> entries, long directoryStart)
    {
        Dictionary<string, ZipEntry> checkedEntries = new(StringComparer.Ordinal);
        long free = 0;
        foreach (ZipEntry entry in entries.OrderBy(e => e.HeaderOffset))
        {
            if (entry.HeaderOffset < free)
            {
                throw ZipReader.Broken(source.Path, $"entry {FileText.Printable(entry.Name)} overlaps another");
            }

            ZipEntry located = entry with { DataOffset = CheckHeader(source, entry, directoryStart) };
            free = CheckDescriptor(source, located, directoryStart);
            checkedEntries.Add(entry.Name, located);
        }

        return checkedEntries;
    }

    private static long CheckHeader(ByteSource source, ZipEntry entry, long limit)
    {
        byte[] header = new byte[HeaderBytes];
        int Read16(int at) => BinaryPrimitives.ReadUInt16LittleEndian(header.AsSpan(at));
        uint Read32(int at) => BinaryPrimitives.ReadUInt32LittleEndian(header.AsSpan(at));
        if (entry.HeaderOffset > limit - HeaderBytes)
        {
            throw Disagrees(source, entry, "position");
        }

        source.ReadExactly(entry.HeaderOffset, header);
        int nameBytes = Read16(26), extraBytes = Read16(28);
        long dataOffset = entry.HeaderOffset + HeaderBytes + nameBytes + extraBytes;
        if (Read32(0) != Signature || dataOffset > limit || entry.CompressedSize > limit - dataOffset)
        {
            throw Disagrees(source, entry, "position");
        }

        byte[] rest = new byte[nameBytes + extraBytes];
        source.ReadExactly(entry.HeaderOffset + HeaderBytes, rest);
        int flags = Read16(6), method = Read16(8);
        if (Encoding.UTF8.GetString(rest, 0, nameBytes) != entry.Name)
        {
            throw Disagrees(source, entry, "name");
        }

        if (method != (entry.Deflated ? 8 : 0) || (flags & 1) != 0 || (flags & 8) != 0 != entry.HasDescriptor)
        {
            throw Disagrees(source, entry, "compression");
        }

        uint crc = Read32(14);
        long compressed = Read32(18), size = Read32(22);
        long noOffset = 0;
        Zip64Extra.Apply(rest.AsSpan(nameBytes), ref size, ref compressed, ref noOffset);

        // With a descriptor the local header may leave all three to it; PyTorch writes zeros, or all ones where zip64 is needed.
        bool left = entry.HasDescriptor && crc == 0 && compressed is 0 or uint.MaxValue && size is 0 or uint.MaxValue;
        bool agrees = crc == entry.Crc && compressed == entry.CompressedSize && size == entry.Size;
        return left || agrees ? dataOffset : throw Disagrees(source, entry, "size or checksum");
    }

    /// <summary>Returns where the entry ends, after its descriptor if it has one.</summary>
    private static long CheckDescriptor(ByteSource source, ZipEntry entry, long limit)
    {
        long dataEnd = entry.DataOffset + entry.CompressedSize;
        if (!entry.HasDescriptor)
        {
            return dataEnd;
        }

        Span<byte> bytes = stackalloc byte[LongDescriptorBytes];
        bytes = bytes[..(int)Math.Min(LongDescriptorBytes, limit - dataEnd)];
        source.ReadExactly(dataEnd, bytes);
        if (bytes.Length >= ShortDescriptorBytes && BinaryPrimitives.ReadUInt32LittleEndian(bytes) == DescriptorSignature
            && BinaryPrimitives.ReadUInt32LittleEndian(bytes[4..]) == entry.Crc)
        {
            // Writers choose 64-bit sizes by rules of their own (PyTorch: also when only the offset is large), so either form counts.
            if (bytes.Length == LongDescriptorBytes && BinaryPrimitives.ReadInt64LittleEndian(bytes[8..]) == entry.CompressedSize
                && BinaryPrimitives.ReadInt64LittleEndian(bytes[16..]) == entry.Size)
            {
                return dataEnd + LongDescriptorBytes;
            }

            if (BinaryPrimitives.ReadUInt32LittleEndian(bytes[8..]) == entry.CompressedSize
                && BinaryPrimitives.ReadUInt32LittleEndian(bytes[12..]) == entry.Size)
            {
                return dataEnd + ShortDescriptorBytes;
            }
        }

        throw Disagrees(source, entry, "data descriptor");
    }

    private static MalformedFileException Disagrees(ByteSource source, ZipEntry entry, string what) =>
        ZipReader.Broken(source.Path, $"entry {FileText.Printable(entry.Name)} has another {what} in its local header than in the directory");
}
