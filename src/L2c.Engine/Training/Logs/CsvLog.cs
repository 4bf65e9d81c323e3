using System.Buffers.Text;
using System.Text;

namespace L2c;

/// <summary>
/// Comma-separated values: a header <c>step,NAME,...</c>, then a line per step. Figures that are not finite are NaN, Infinity, -Infinity.
/// </summary>
internal sealed class CsvLog(string path, IReadOnlyList<string> names, long? resumeAfter, Action<string> remark)
    : LineLog(path, names.Count, Encoding.ASCII.GetBytes($"step,{string.Join(',', names)}\n"), names.Count + 1, resumeAfter, remark)
{
    /// <inheritdoc/>
    protected override ReadOnlySpan<byte> BeforeStep => [];

    /// <inheritdoc/>
    protected override int Format(long step, ReadOnlySpan<float> values, Span<byte> line)
    {
        int length = 0;
        Append(step, line, ref length);
        foreach (float value in values)
        {
            Append(","u8, line, ref length);
            Append(value, line, ref length);
        }

        Append("\n"u8, line, ref length);
        return length;
    }

    /// <inheritdoc/>
    protected override long? StepOf(ReadOnlySpan<byte> line) =>
        Utf8Parser.TryParse(line, out long step, out int used) && line[used..].StartsWith(","u8) && line.Count((byte)',') == names.Count
            ? step
            : null;
}
