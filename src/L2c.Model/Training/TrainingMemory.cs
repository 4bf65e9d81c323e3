using System.Globalization;
using System.Text;
using L2c.Kernels;

namespace L2c.Model.Training;

/// <summary>One part of a step's memory.</summary>
/// <param name="Name">What it is for: <c>weights</c>, <c>cached branch outputs</c>.</param>
/// <param name="Bytes">Alignment included.</param>
public sealed record MemoryPart(string Name, long Bytes);

/// <summary>Memory of a training step by part: what is allocated, counted by the code that carves it.</summary>
/// <param name="Parts">In the order of carving.</param>
public sealed record TrainingMemory(IReadOnlyList<MemoryPart> Parts)
{
    /// <summary>Name of what the device's ops keep between their own kernels.</summary>
    internal const string Scratch = "scratch of the ops";

    private const double MebiByte = 1 << 20;

    /// <summary>All of it.</summary>
    public long TotalBytes => Parts.Sum(part => part.Bytes);

    /// <summary>A table of several lines: part, MiB; the total last.</summary>
    public string Describe()
    {
        var text = new StringBuilder();
        foreach (MemoryPart part in (IEnumerable<MemoryPart>)[.. Parts, new MemoryPart("total", TotalBytes)])
        {
            text.Append(CultureInfo.InvariantCulture, $"{part.Name,-40}{part.Bytes / MebiByte,12:0.0} MiB\n");
        }

        return text.ToString();
    }

    /// <summary>With one part more, unless it takes nothing.</summary>
    internal TrainingMemory With(string name, long bytes) => bytes == 0 ? this : new TrainingMemory([.. Parts, new MemoryPart(name, bytes)]);

    /// <summary>Writes down what carving takes.</summary>
    internal sealed class Ledger(Arena arena)
    {
        private readonly List<MemoryPart> _parts = [];

        /// <summary>What has been carved, by name.</summary>
        public IReadOnlyList<MemoryPart> Parts => _parts;

        /// <summary>Carves something that belongs to a part.</summary>
        public T Take<T>(string part, Func<Arena, T> carve)
        {
            long before = arena.UsedBytes;
            T taken = carve(arena);
            int at = _parts.FindIndex(known => known.Name == part);
            var grown = new MemoryPart(part, arena.UsedBytes - before + (at < 0 ? 0 : _parts[at].Bytes));
            if (at < 0)
            {
                _parts.Add(grown);
            }
            else
            {
                _parts[at] = grown;
            }

            return taken;
        }
    }
}
