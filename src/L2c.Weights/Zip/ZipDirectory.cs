using System.Buffers.Binary;
using System.Text;

namespace L2c.Weights.Zip;

/// <summary>Reads the end records and the central directory of a zip archive, including the zip64 forms.</summary>
/// <remarks>Source: PKWARE APPNOTE.TXT 6.3, sections 4.3.12 to 4.3.16 and 4.5.3.</remarks>
internal sealed class ZipDirectory
{
    private const uint EntrySignature = 0x02014B50;
    private const uint EndSignature = 0x06054B50;
    private const uint End64Signature = 0x06064B50;
    private const uint Locator64Signature = 0x07064B50;
    private const int EntryBytes = 46, EndBytes = 22, End64Bytes = 56, Locator64Bytes = 20;

    /// <summary>Flags of encryption: plain, strong, and masked headers.</summary>
    private const int EncryptionFlags = 0x2041;

    private readonly ByteSource _source;
    private long _start, _size, _count;

    private ZipDirectory(ByteSource source) => _source = source;

    /// <summary>All entries in the order of the directory, and the offset at which the directory starts.</summary>
    /// <exception cref="MalformedFileException">The records are absent, disagree, or state what is refused.</exception>
    public static (List<ZipEntry> Entries, long Start) Read(ByteSource source)
    {
        ZipDirectory directory = new(source);
        directory.ReadEnd();
        return (directory.ReadEntries(), directory._start);
    }

    private void ReadEnd()
    {
        byte[] tail = new byte[(int)Math.Min(_source.Length, EndBytes + ushort.MaxValue)];
        _source.ReadExactly(_source.Length - tail.Length, tail);
        int at = tail.Length - EndBytes;
        while (at >= 0 && !(Read32(tail, at) == EndSignature && at + EndBytes + Read16(tail, at + 20) == tail.Length))
        {
            at--;
        }

        if (at < 0)
        {
            throw Broken("no end record of a zip archive; the copy is incomplete");
        }

        long endOffset = _source.Length - tail.Length + at;
        (_count, _size, _start) = (Read16(tail, at + 10), Read32(tail, at + 12), Read32(tail, at + 16));
        if (Read32(tail, at + 4) is not (0 or uint.MaxValue) || Read16(tail, at + 8) != _count)
        {
            throw Broken("the archive spans several disks");
        }

        long directoryEnd = ReadEnd64(endOffset) ?? endOffset;
        if (_start < 0 || _size < 0 || _start > directoryEnd || _size != directoryEnd - _start)
        {
            throw Broken($"the central directory of {_size} bytes at {_start} does not end at the end record at {directoryEnd}");
        }

        if (_size > ReadLimits.ZipDirectoryBytes || _count > ReadLimits.Tensors)
        {
            throw Broken($"{_count} entries in a directory of {_size} bytes exceed {ReadLimits.Tensors} and {ReadLimits.ZipDirectoryBytes}");
        }
    }

    /// <summary>Replaces counts and offsets by those of the zip64 end record, if there is one, and returns its offset.</summary>
    private long? ReadEnd64(long endOffset)
    {
        byte[] record = new byte[End64Bytes];
        if (endOffset < Locator64Bytes)
        {
            return null;
        }

        _source.ReadExactly(endOffset - Locator64Bytes, record.AsSpan(0, Locator64Bytes));
        if (Read32(record, 0) != Locator64Signature)
        {
            return null;
        }

        long offset = Read64(record, 8);
        if (offset < 0 || offset > endOffset - Locator64Bytes - End64Bytes)
        {
            throw Broken("the zip64 locator points outside the archive");
        }

        _source.ReadExactly(offset, record);
        if (Read32(record, 0) != End64Signature || Read64(record, 4) != endOffset - Locator64Bytes - offset - 12)
        {
            throw Broken("the zip64 end record is missing or has a wrong length");
        }

        long count = Read64(record, 32), size = Read64(record, 40), start = Read64(record, 48);
        bool agrees = (_count is ushort.MaxValue || _count == count) && (_size is uint.MaxValue || _size == size);
        if (!agrees || !(_start is uint.MaxValue || _start == start) || count < 0)
        {
            throw Broken("the two end records disagree");
        }

        (_count, _size, _start) = (count, size, start);
        return offset;
    }

    private List<ZipEntry> ReadEntries()
    {
        byte[] bytes = new byte[_size];
        _source.ReadExactly(_start, bytes);
        List<ZipEntry> entries = [];
        HashSet<string> names = new(StringComparer.Ordinal);
        int at = 0;
        for (long i = 0; i < _count; i++)
        {
            entries.Add(ReadEntry(bytes, ref at));
            if (!names.Add(entries[^1].Name))
            {
                throw Broken($"two entries are named {FileText.Printable(entries[^1].Name)}");
            }
        }

        return at == bytes.Length ? entries : throw Broken($"the central directory has {bytes.Length - at} bytes after its last entry");
    }

    private ZipEntry ReadEntry(byte[] bytes, ref int at)
    {
        if (at + EntryBytes > bytes.Length || Read32(bytes, at) != EntrySignature)
        {
            throw Broken("an entry of the central directory is missing");
        }

        int flags = Read16(bytes, at + 8), method = Read16(bytes, at + 10);
        int nameBytes = Read16(bytes, at + 28), extraBytes = Read16(bytes, at + 30), commentBytes = Read16(bytes, at + 32);
        long next = (long)at + EntryBytes + nameBytes + extraBytes + commentBytes;
        if (next > bytes.Length)
        {
            throw Broken("an entry of the central directory is cut off");
        }

        string name = Encoding.UTF8.GetString(bytes, at + EntryBytes, nameBytes);
        if ((flags & EncryptionFlags) != 0)
        {
            throw Broken($"entry {FileText.Printable(name)} is encrypted");
        }

        if (method is not (0 or 8))
        {
            throw Broken($"entry {FileText.Printable(name)} uses compression method {method}, not stored or deflated");
        }

        long compressed = Read32(bytes, at + 20), size = Read32(bytes, at + 24), offset = Read32(bytes, at + 42);
        Zip64Extra.Apply(bytes.AsSpan(at + EntryBytes + nameBytes, extraBytes), ref size, ref compressed, ref offset);
        if (size < 0 || compressed < 0 || offset < 0 || Read16(bytes, at + 34) is not (0 or ushort.MaxValue))
        {
            throw Broken($"entry {FileText.Printable(name)} has impossible sizes");
        }

        ZipEntry entry = new(name, method == 8, (flags & 8) != 0, Read32(bytes, at + 16), compressed, size, offset);
        at = (int)next;
        return entry;
    }

    private static int Read16(byte[] bytes, int at) => BinaryPrimitives.ReadUInt16LittleEndian(bytes.AsSpan(at));

    private static uint Read32(byte[] bytes, int at) => BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(at));

    private static long Read64(byte[] bytes, int at) => BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan(at));

    private MalformedFileException Broken(string rule) => ZipReader.Broken(_source.Path, rule);
}
