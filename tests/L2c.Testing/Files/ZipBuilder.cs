using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;

namespace L2c.Testing.Files;

/// <summary>One entry of an archive to be built, with what it shall state falsely.</summary>
public sealed record ZipPart(string Name, byte[] Bytes)
{
    /// <summary>Compress the bytes.</summary>
    public bool Deflate { get; init; }

    /// <summary>Leave checksum and sizes to a data descriptor, as PyTorch does.</summary>
    public bool Descriptor { get; init; }

    /// <summary>State 64-bit sizes and offset in an extra field.</summary>
    public bool Zip64 { get; init; }

    /// <summary>Name in the local header, if another.</summary>
    public string? LocalName { get; init; }

    /// <summary>Compression method in both headers, if another.</summary>
    public int? Method { get; init; }

    /// <summary>Compression method in the local header, if another.</summary>
    public int? LocalMethod { get; init; }

    /// <summary>Uncompressed size stated, if another.</summary>
    public long? Size { get; init; }

    /// <summary>Uncompressed size stated in local header and descriptor, if another.</summary>
    public long? LocalSize { get; init; }

    /// <summary>Checksum stated, if another.</summary>
    public uint? Crc { get; init; }

    /// <summary>Checksum stated in local header and descriptor, if another.</summary>
    public uint? LocalCrc { get; init; }

    /// <summary>Flags added in both headers: 1 says encrypted.</summary>
    public int Flags { get; init; }

    /// <summary>Offset of the local header stated, if another.</summary>
    public long? Offset { get; init; }
}

/// <summary>Writes zip archives, well-formed or not.</summary>
public static class ZipBuilder
{
    /// <summary>Builds an archive, with zip64 end records when asked for; <paramref name="origin"/> is the offset at which it will lie in its file.</summary>
    public static byte[] Build(IReadOnlyList<ZipPart> parts, bool zip64End = false, long origin = 0)
    {
        MemoryStream body = new(), directory = new();
        foreach (ZipPart part in parts)
        {
            WritePart(body, directory, part, origin);
        }

        long start = origin + body.Length, end = start + directory.Length;
        directory.WriteTo(body);
        if (zip64End)
        {
            Write(body, 0x06064B50u, 44L, (ushort)45, (ushort)45, 0u, 0u, (long)parts.Count, (long)parts.Count, end - start, start);
            Write(body, 0x07064B50u, 0u, end, 1u);
        }

        Write(body, 0x06054B50u, (ushort)0, (ushort)0, (ushort)parts.Count, (ushort)parts.Count, (uint)(end - start), (uint)Math.Min(start, uint.MaxValue), (ushort)0);
        return body.ToArray();
    }

    private static void WritePart(MemoryStream body, MemoryStream directory, ZipPart part, long origin)
    {
        byte[] data = part.Deflate ? Deflated(part.Bytes) : part.Bytes;
        uint crc = part.Crc ?? Crc(part.Bytes);
        long size = part.Size ?? part.Bytes.Length, offset = part.Offset ?? (origin + body.Length), localSize = part.LocalSize ?? size;
        int method = part.Method ?? (part.Deflate ? 8 : 0);
        ushort flags = (ushort)(part.Flags | 0x800 | (part.Descriptor ? 8 : 0));
        byte[] name = Encoding.UTF8.GetBytes(part.Name), localName = Encoding.UTF8.GetBytes(part.LocalName ?? part.Name);
        (uint localCrc, uint localCompressed, uint localUncompressed) =
            part.Descriptor ? (0, 0, 0) : (part.LocalCrc ?? crc, (uint)data.Length, (uint)localSize);
        byte[] extra = part.Zip64 ? Extra(size, data.Length, offset) : [];
        ushort localMethod = (ushort)(part.LocalMethod ?? method);
        Write(body, 0x04034B50u, (ushort)20, flags, localMethod, 0u, localCrc, localCompressed, localUncompressed);
        Write(body, (ushort)localName.Length, (ushort)0);
        body.Write(localName);
        body.Write(data);
        if (part.Descriptor)
        {
            Write(body, 0x08074B50u, part.LocalCrc ?? crc);
            if (part.Zip64)
            {
                Write(body, (long)data.Length, localSize);
            }
            else
            {
                Write(body, (uint)data.Length, (uint)localSize);
            }
        }

        uint Stated(long value) => part.Zip64 ? uint.MaxValue : (uint)value;
        Write(directory, 0x02014B50u, (ushort)20, (ushort)20, flags, (ushort)method, 0u, crc, Stated(data.Length), Stated(size));
        Write(directory, (ushort)name.Length, (ushort)extra.Length, (ushort)0, (ushort)0, (ushort)0, 0u, Stated(offset));
        directory.Write(name);
        directory.Write(extra);
    }

    /// <summary>CRC-32 by its definition, one bit at a time: independent of the reader's.</summary>
    public static uint Crc(ReadOnlySpan<byte> bytes)
    {
        uint crc = uint.MaxValue;
        foreach (byte b in bytes)
        {
            crc ^= b;
            for (int bit = 0; bit < 8; bit++)
            {
                crc = (crc >> 1) ^ ((crc & 1) * 0xEDB88320);
            }
        }

        return ~crc;
    }

    private static byte[] Extra(long size, long compressed, long offset)
    {
        MemoryStream extra = new();
        Write(extra, (ushort)1, (ushort)24, size, compressed, offset);
        return extra.ToArray();
    }

    private static byte[] Deflated(byte[] bytes)
    {
        MemoryStream deflated = new();
        using (DeflateStream stream = new(deflated, CompressionLevel.SmallestSize, leaveOpen: true))
        {
            stream.Write(bytes);
        }

        return deflated.ToArray();
    }

    private static void Write(MemoryStream stream, params object[] values)
    {
        Span<byte> bytes = stackalloc byte[sizeof(long)];
        foreach (object value in values)
        {
            (long number, int length) = value switch
            {
                ushort v => (v, sizeof(ushort)),
                uint v => (v, sizeof(uint)),
                long v => (v, sizeof(long)),
                _ => throw new ArgumentException($"{value.GetType()} has no place in a zip record", nameof(values)),
            };
            BinaryPrimitives.WriteInt64LittleEndian(bytes, number);
            stream.Write(bytes[..length]);
        }
    }
}
