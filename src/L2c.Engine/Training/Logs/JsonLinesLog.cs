using System.Buffers.Text;
using System.Text;

namespace L2c;

/// <summary>
/// JSON lines: an object <c>{"step":1,"NAME":0.5,...}</c> per step. Figures that are not finite are null, since JSON has no form of them.
/// </summary>
internal sealed class JsonLinesLog(string path, IReadOnlyList<string> names, long? resumeAfter, Action<string> remark)
    : LineLog(path, names.Count, [], names.Sum(Key.Length) + Start.Length + 2, resumeAfter, remark)
{
    private readonly byte[][] _keys = [.. names.Select(Key.Of)];

    /// <inheritdoc/>
    protected override ReadOnlySpan<byte> BeforeStep => Start;

    private static ReadOnlySpan<byte> Start => "{\"step\":"u8;

    /// <inheritdoc/>
    protected override int Format(long step, ReadOnlySpan<float> values, Span<byte> line)
    {
        int length = 0;
        Append(Start, line, ref length);
        Append(step, line, ref length);
        for (int i = 0; i < values.Length; i++)
        {
            Append(_keys[i], line, ref length);
            if (float.IsFinite(values[i]))
            {
                Append(values[i], line, ref length);
            }
            else
            {
                Append("null"u8, line, ref length);
            }
        }

        Append("}\n"u8, line, ref length);
        return length;
    }

    /// <inheritdoc/>
    protected override long? StepOf(ReadOnlySpan<byte> line)
    {
        if (!line.StartsWith(Start) || !Utf8Parser.TryParse(line[Start.Length..], out long step, out int used) || !line.EndsWith("}"u8))
        {
            return null;
        }

        line = line[(Start.Length + used)..];
        foreach (string name in names)
        {
            byte[] key = Key.Of(name);
            if (!line.StartsWith(key))
            {
                return null;
            }

            line = line[key.Length..];
            int next = line.IndexOfAny((byte)',', (byte)'}');
            line = next < 0 ? [] : line[next..];
        }

        return line.SequenceEqual("}"u8) ? step : null;
    }

    /// <summary>What stands between two figures. Names need no escaping: <see cref="TrainingLog"/> has looked at them.</summary>
    private static class Key
    {
        public static byte[] Of(string name) => Encoding.ASCII.GetBytes($",\"{name}\":");

        public static int Length(string name) => Of(name).Length;
    }
}
