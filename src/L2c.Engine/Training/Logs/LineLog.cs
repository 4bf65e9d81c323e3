using System.Buffers.Text;
using System.Globalization;
using L2c.Weights.Storage;

namespace L2c;

/// <summary>A log of one line of text per step, in steps' order. Its bytes depend on what was logged alone, so it holds no times.</summary>
internal abstract class LineLog : ITrainingLog
{
    // A float needs at most 15 characters, a long 20.
    private const int MaxNumberBytes = 24;

    private readonly GrowingFile _file;
    private readonly byte[] _line;
    private readonly int _values;

    /// <summary>Opens the file and cuts it back to where the run stands.</summary>
    /// <param name="path">The file.</param>
    /// <param name="values">Figures per step.</param>
    /// <param name="header">First line with its end, or empty.</param>
    /// <param name="fixedBytes">Bytes of a line besides its numbers, at most.</param>
    /// <param name="resumeAfter">The last step that stays; null to begin.</param>
    /// <param name="remark">Told of a file that was no such log, and of its copy.</param>
    protected LineLog(string path, int values, byte[] header, int fixedBytes, long? resumeAfter, Action<string> remark)
    {
        _values = values;
        _line = new byte[fixedBytes + ((values + 1) * MaxNumberBytes)];
        _file = GrowingFile.Open(path);
        try
        {
            byte[] bytes = _file.ReadAll();
            int kept = LengthUpTo(bytes, header, resumeAfter ?? -1, out int foreignLine);
            if (foreignLine > 0)
            {
                string copy = SetAside.Copy(path, bytes);
                remark($"note: {path}: line {foreignLine} is not from this run; the file is kept as {copy}, "
                    + "and the log continues after the line before");
            }

            _file.Cut(kept);
            if (kept == 0)
            {
                _file.Append(header);
            }
        }
        catch
        {
            _file.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public void Write(long step, ReadOnlySpan<float> values)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(values.Length, _values);
        _file.Append(_line.AsSpan(0, Format(step, values, _line)));
    }

    /// <inheritdoc/>
    public void Flush() => _file.Flush();

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();

    /// <summary>Writes a line with its end and returns its length.</summary>
    protected abstract int Format(long step, ReadOnlySpan<float> values, Span<byte> line);

    /// <summary>What every line begins with, before its step.</summary>
    protected abstract ReadOnlySpan<byte> BeforeStep { get; }

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

    /// <summary>Bytes of a log up to the line of <paramref name="last"/>. A line that a crash cut off ends nowhere and is left out.</summary>
    /// <param name="bytes">The log.</param>
    /// <param name="header">Its first line.</param>
    /// <param name="last">The last step that stays.</param>
    /// <param name="foreignLine">Number of the first line that this log cannot have, or 0; the result lies before it.</param>
    private int LengthUpTo(ReadOnlySpan<byte> bytes, ReadOnlySpan<byte> header, long last, out int foreignLine)
    {
        foreignLine = 0;
        if (bytes.Length < header.Length && header.StartsWith(bytes))
        {
            return 0;
        }

        if (!bytes.StartsWith(header))
        {
            foreignLine = 1;
            return 0;
        }

        int kept = header.Length, read = kept, number = header.IsEmpty ? 1 : 2;
        for (; bytes[read..].IndexOf((byte)'\n') is int end and >= 0; number++)
        {
            if (StepOf(bytes.Slice(read, end)) is not { } step)
            {
                foreignLine = number;
                return kept;
            }

            // Behind a later step nothing stays, but all of it must be this log's.
            kept = step <= last && kept == read ? read + end + 1 : kept;
            read += end + 1;
        }

        foreignLine = IsCutLine(bytes[read..], last) ? 0 : number;
        return kept;
    }

    /// <summary>Whether bytes behind the last line's end begin a later line. Lines up to the last step were on the disk whole.</summary>
    private bool IsCutLine(ReadOnlySpan<byte> bytes, long last)
    {
        if (bytes.Length <= BeforeStep.Length)
        {
            return BeforeStep.StartsWith(bytes);
        }

        if (!bytes.StartsWith(BeforeStep) || bytes.Length >= _line.Length)
        {
            return false;
        }

        bytes = bytes[BeforeStep.Length..];
        return !bytes.ContainsAnyExceptInRange((byte)'0', (byte)'9')
            || (Utf8Parser.TryParse(bytes, out long step, out int used) && bytes[used..] is [(byte)',', ..] && step > last);
    }
}
