using System.Buffers;
using System.IO.Compression;
using System.IO.Hashing;

namespace L2c.Weights.Zip;

/// <summary>Random access to the entries of a zip archive from a stranger.</summary>
/// <remarks>
/// The checksum of an entry is verified over all its bytes before the first of them is handed out (a read of the whole entry is verified in place).
/// Stored entries are read directly at any size. Deflated ones, which torch.save never writes, are inflated whole, so they are limited in size and
/// ratio; the last one stays in memory. Where they are to be read in order (<see cref="Open"/>), only the ratio is limited, and nothing stays. Safe
/// for several threads at once.
/// </remarks>
internal sealed class ZipReader
{
    // Below it an entry's ratio does not matter.
    private const long RatioMatters = 1L << 20;

    private const int VerifyChunk = 1 << 18;

    private readonly ByteSource _source;
    private readonly Dictionary<string, ZipEntry> _entries;
    private readonly HashSet<string> _verified = new(StringComparer.Ordinal);
    private readonly Lock _lock = new();
    private (ZipEntry Entry, byte[] Bytes)? _inflated;

    /// <summary>Reads and checks the directory and all local headers.</summary>
    /// <param name="source">The archive.</param>
    /// <param name="inOrder">Whether deflated entries may be of any size, and those of more than <see cref="ReadLimits.InflatedEntryBytes"/>,
    /// inflated or not, are read by <see cref="Open"/> alone.</param>
    /// <exception cref="MalformedFileException">The archive breaks a rule or exceeds a limit.</exception>
    public ZipReader(ByteSource source, bool inOrder = false)
    {
        _source = source;
        (List<ZipEntry> entries, long start) = ZipDirectory.Read(source);
        _entries = ZipLocalHeaders.Check(source, entries, start);
        long inflated = 0;
        foreach (ZipEntry entry in _entries.Values)
        {
            inflated = checked(inflated + CheckSizes(entry, inOrder));
            if (inflated > ReadLimits.InflatedBytes && !inOrder)
            {
                throw Broken(source.Path, $"its deflated entries expand to more than {ReadLimits.InflatedBytes} bytes");
            }
        }
    }

    public IEnumerable<ZipEntry> Entries => _entries.Values;

    public ZipEntry? Find(string name) => _entries.GetValueOrDefault(name);

    /// <summary>The whole entry.</summary>
    /// <exception cref="MalformedFileException">It is longer than <paramref name="limit"/> bytes, or as <see cref="Read"/>.</exception>
    public byte[] ReadAll(ZipEntry entry, int limit)
    {
        if (entry.Size > limit)
        {
            throw Broken(_source.Path, $"entry {FileText.Printable(entry.Name)} of {entry.Size} bytes is longer than {limit}");
        }

        byte[] bytes = new byte[entry.Size];
        Read(entry, 0, bytes);
        return bytes;
    }

    /// <summary>Fills <paramref name="destination"/> with the entry's uncompressed bytes from <paramref name="offset"/>.</summary>
    /// <exception cref="MalformedFileException">The checksum does not match, or the bytes cannot be inflated.</exception>
    public void Read(ZipEntry entry, long offset, Span<byte> destination)
    {
        if (entry.Deflated)
        {
            Inflated(entry).AsSpan((int)offset, destination.Length).CopyTo(destination);
            return;
        }

        bool whole = destination.Length == entry.Size;
        if (!whole)
        {
            VerifyOnce(entry, () => Verify(entry));
        }

        _source.ReadExactly(entry.DataOffset + offset, destination);
        if (whole)
        {
            CheckCrc(entry, Crc32.HashToUInt32(destination));
        }
    }

    /// <summary>The bytes of an entry, which is not closed with them. A deflated one too large to be inflated whole is fast only in order.</summary>
    public ByteSource Open(ZipEntry entry) => entry.Deflated && Math.Max(entry.Size, entry.CompressedSize) > ReadLimits.InflatedEntryBytes
        ? new InflatingSource(_source, entry, verify => VerifyOnce(entry, verify))
        : new EntrySource(_source.Path, this, entry);

    /// <summary>The error of a broken archive: what is wrong, and what to do.</summary>
    public static MalformedFileException Broken(string path, string rule, Exception? inner = null) =>
        new(path, $"{rule}; the file is damaged or not from torch.save or numpy.savez, fetch or save it again", inner);

    private void VerifyOnce(ZipEntry entry, Action verify)
    {
        lock (_lock)
        {
            if (!_verified.Contains(entry.Name))
            {
                verify();
                _ = _verified.Add(entry.Name);
            }
        }
    }

    private void Verify(ZipEntry entry)
    {
        byte[] chunk = ArrayPool<byte>.Shared.Rent(VerifyChunk);
        try
        {
            Crc32 crc = new();
            for (long at = 0; at < entry.Size; at += VerifyChunk)
            {
                Span<byte> part = chunk.AsSpan(0, (int)Math.Min(VerifyChunk, entry.Size - at));
                _source.ReadExactly(entry.DataOffset + at, part);
                crc.Append(part);
            }

            CheckCrc(entry, crc.GetCurrentHashAsUInt32());
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(chunk);
        }
    }

    private byte[] Inflated(ZipEntry entry)
    {
        lock (_lock)
        {
            if (_inflated is { } last && ReferenceEquals(last.Entry, entry))
            {
                return last.Bytes;
            }

            _inflated = null;
            byte[] compressed = new byte[entry.CompressedSize], bytes = new byte[entry.Size];
            _source.ReadExactly(entry.DataOffset, compressed);
            try
            {
                using DeflateStream stream = new(new MemoryStream(compressed), CompressionMode.Decompress);
                if (stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false) != bytes.Length || stream.ReadByte() >= 0)
                {
                    throw Broken(_source.Path, $"entry {FileText.Printable(entry.Name)} does not inflate to the {entry.Size} bytes promised");
                }
            }
            catch (InvalidDataException e)
            {
                throw Broken(_source.Path, $"entry {FileText.Printable(entry.Name)} is not deflated data", e);
            }

            CheckCrc(entry, Crc32.HashToUInt32(bytes));
            _inflated = (entry, bytes);
            return bytes;
        }
    }

    private void CheckCrc(ZipEntry entry, uint crc)
    {
        if (crc != entry.Crc)
        {
            throw Broken(_source.Path, $"the checksum of entry {FileText.Printable(entry.Name)} is {crc:x8} instead of {entry.Crc:x8}");
        }
    }

    /// <summary>Returns the bytes that the entry occupies in memory when read.</summary>
    private long CheckSizes(ZipEntry entry, bool inOrder)
    {
        if (!entry.Deflated)
        {
            return entry.Size == entry.CompressedSize
                ? 0
                : throw Broken(_source.Path, $"{FileText.Printable(entry.Name)} is stored but has sizes {entry.CompressedSize} and {entry.Size}");
        }

        bool tooLarge = !inOrder && Math.Max(entry.Size, entry.CompressedSize) > ReadLimits.InflatedEntryBytes;
        bool tooDense = entry.Size > RatioMatters && entry.Size / ReadLimits.InflationRatio > entry.CompressedSize;
        return tooLarge || tooDense
            ? throw Broken(
                _source.Path,
                $"entry {FileText.Printable(entry.Name)} inflates {entry.CompressedSize} bytes to {entry.Size}, "
                    + $"past the limits of {ReadLimits.InflatedEntryBytes} bytes and {ReadLimits.InflationRatio}:1")
            : entry.Size;
    }

    /// <summary>The bytes of one entry.</summary>
    private sealed class EntrySource(string path, ZipReader zip, ZipEntry entry) : ByteSource(path)
    {
        public override long Length => entry.Size;

        protected override int Read(long offset, Span<byte> destination)
        {
            zip.Read(entry, offset, destination);
            return destination.Length;
        }

        protected override void Dispose(bool disposing)
        {
        }
    }
}
