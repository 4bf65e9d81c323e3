using System.Globalization;
using L2c.Weights;

namespace L2c;

/// <summary>A log of one line of text per step, in steps' order. Its bytes depend on what was logged alone, so it holds no times.</summary>
internal abstract class LineLog : ITrainingLog
{
    // A float needs at most 15 characters, a long 20.
    private const int MaxNumberBytes = 24;

    private readonly FileStream _file;
    private readonly byte[] _line;
    private readonly int _values;

    /// <summary>Opens the file and, on resuming, cuts it back.</summary>
    /// <param name="path">The file.</param>
    /// <param name="values">Figures per step.</param>
    /// <param name="header">First line with its end, or empty.</param>
    /// <param name="fixedBytes">Bytes of a line besides its numbers, at most.</param>
    /// <param name="resumeAfter">Null to begin; otherwise later steps are removed.</param>
    /// <param name="overwrite">Whether a new log may replace an existing file.</param>
    protected LineLog(string path, int values, byte[] header, int fixedBytes, long? resumeAfter, bool overwrite)
    {
        _values = values;
        _line = new byte[fixedBytes + ((values + 1) * MaxNumberBytes)];
        bool goesOn = resumeAfter is not null && File.Exists(path);
        if (!goesOn && !overwrite && File.Exists(path))
        {
            throw new IOException($"{path} exists; use --force to overwrite");
        }

        long length = goesOn ? LengthUpTo(path, File.ReadAllBytes(path), header, resumeAfter!.Value) : 0;
        try
        {
            // No buffer: a line is one write, and a killed process loses none.
            _file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.Write, FileShare.Read, bufferSize: 0);
        }
        catch (Exception e) when (e is UnauthorizedAccessException or DirectoryNotFoundException)
        {
            throw new IOException($"{path}: cannot be written; check its folder and its permissions", e);
        }

        _file.SetLength(length);
        _file.Position = length;
        if (length == 0)
        {
            _file.Write(header);
        }
    }

    /// <inheritdoc/>
    public void Write(long step, ReadOnlySpan<float> values)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(values.Length, _values);
        _file.Write(_line.AsSpan(0, Format(step, values, _line)));
    }

    /// <inheritdoc/>
    public void Flush() => _file.Flush(flushToDisk: true);

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();

    /// <summary>Writes a line with its end and returns its length.</summary>
    protected abstract int Format(long step, ReadOnlySpan<float> values, Span<byte> line);

    /// <summary>The step of a line without its end, or null if it is no line of this log.</summary>
    protected abstract long? StepOf(ReadOnlySpan<byte> line);

    /// <summary>Appends the shortest digits that read back as the same float.</summary>
    protected static void Append(float value, Span<byte> line, ref int length)
    {
        _ = value.TryFormat(line[length..], out int written, default, CultureInfo.InvariantCulture);
        length += written;
    }

    /// <summary>Appends a step.</summary>
    protected static void Append(long step, Span<byte> line, ref int length)
    {
        _ = step.TryFormat(line[length..], out int written, default, CultureInfo.InvariantCulture);
        length += written;
    }

    /// <summary>Appends text.</summary>
    protected static void Append(ReadOnlySpan<byte> text, Span<byte> line, ref int length)
    {
        text.CopyTo(line[length..]);
        length += text.Length;
    }

    /// <summary>Bytes of a log up to the line of <paramref name="last"/>. A line that was cut off by a crash ends nowhere and is left out.</summary>
    private int LengthUpTo(string path, ReadOnlySpan<byte> bytes, ReadOnlySpan<byte> header, long last)
    {
        if (bytes.Length < header.Length && header.StartsWith(bytes))
        {
            return 0;
        }

        if (!bytes.StartsWith(header))
        {
            throw Foreign(path, 1);
        }

        int kept = header.Length;
        for (int number = header.IsEmpty ? 1 : 2; bytes[kept..].IndexOf((byte)'\n') is int end and >= 0; number++)
        {
            long step = StepOf(bytes.Slice(kept, end)) ?? throw Foreign(path, number);
            if (step > last)
            {
                break;
            }

            kept += end + 1;
        }

        return kept;
    }

    private static MalformedFileException Foreign(string path, int line) =>
        new(path, $"line {line} is not what this run logs, so the log cannot be continued; name another file, or move this one");
}
