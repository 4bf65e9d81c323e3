using System.Buffers.Binary;
using System.IO.Hashing;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using L2c.Weights;
using L2c.Weights.Storage;

namespace L2c;

/// <summary>Features of one set of images that grow in a file, so that a task that was interrupted goes on, and another uses them again.</summary>
/// <remarks>
/// The file is named after a hash of what the features follow from: pixels, recipe, weights, precision. Its first line repeats the whole hash; then
/// follow rows, each with a hash of its own, so that one half written, or lost with the power, is seen and computed anew.
/// </remarks>
internal sealed class FeatureFile : IDisposable
{
    private const string Format = "l2c-features/1 ", Extension = ".features";
    private const int NameLength = 16, RowsAtOnce = 64;

    private readonly GrowingFile _file;
    private readonly int _length;
    private readonly byte[] _record;

    /// <summary>Opens the file, or begins it, and hands out what is there.</summary>
    /// <param name="folder">A folder that this process has taken.</param>
    /// <param name="content">What the features follow from.</param>
    /// <param name="length">Numbers of a row.</param>
    /// <param name="most">Rows at most.</param>
    /// <param name="use">Receives rows in their order, which are overwritten after it returns.</param>
    /// <exception cref="MalformedFileException">Something else has its name.</exception>
    /// <exception cref="IOException">It cannot be written.</exception>
    public FeatureFile(string folder, string content, int length, int most, Action<ReadOnlySpan<float>> use)
    {
        string key = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(content)));
        string path = Path.Combine(folder, key[..NameLength] + Extension);
        byte[] line = Encoding.ASCII.GetBytes($"{Format}{key}\n");
        (_length, _record) = (length, new byte[(length * sizeof(float)) + sizeof(ulong)]);
        _file = GrowingFile.Open(path);
        try
        {
            if (_file.Length < line.Length)
            {
                _file.Cut(0);
                _file.Append(line);
            }
            else if (!_file.Read(line.Length).AsSpan().SequenceEqual(line))
            {
                throw new MalformedFileException(path, "does not hold the features that its name says; move it elsewhere");
            }

            Count = Replay(path, line.Length, most, use);
            _file.Cut(line.Length + ((long)Count * _record.Length));
        }
        catch
        {
            _file.Dispose();
            throw;
        }
    }

    /// <summary>Rows that are kept.</summary>
    public int Count { get; private set; }

    /// <summary>Keeps rows.</summary>
    /// <exception cref="IOException">The disk is full.</exception>
    public void Append(ReadOnlySpan<float> rows)
    {
        for (; rows.Length > 0; rows = rows[_length..])
        {
            MemoryMarshal.AsBytes(rows[.._length]).CopyTo(_record);
            BinaryPrimitives.WriteUInt64LittleEndian(_record.AsSpan(_record.Length - sizeof(ulong)), Hash(_record, Count++));
            _file.Append(_record);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();

    private int Replay(string path, long start, int most, Action<ReadOnlySpan<float>> use)
    {
        using ByteSource source = ByteSource.OpenFile(path);
        int there = (int)Math.Min(most, (source.Length - start) / _record.Length), count = 0;
        byte[] records = new byte[RowsAtOnce * _record.Length];
        while (count < there)
        {
            int number = Math.Min(RowsAtOnce, there - count);
            source.ReadExactly(start + ((long)count * _record.Length), records.AsSpan(0, number * _record.Length));
            for (int i = 0; i < number; i++, count++)
            {
                ReadOnlySpan<byte> record = records.AsSpan(i * _record.Length, _record.Length);
                if (BinaryPrimitives.ReadUInt64LittleEndian(record[^sizeof(ulong)..]) != Hash(record, count))
                {
                    return count;
                }

                use(MemoryMarshal.Cast<byte, float>(record[..^sizeof(ulong)]));
            }
        }

        return count;
    }

    // Of a row in its place.
    private static ulong Hash(ReadOnlySpan<byte> record, int row) => XxHash64.HashToUInt64(record[..^sizeof(ulong)], row);
}
