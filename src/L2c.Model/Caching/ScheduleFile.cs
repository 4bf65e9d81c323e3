using System.Text;
using System.Text.Json;
using L2c.Weights;

namespace L2c.Model.Caching;

/// <summary>A schedule file of either format, told apart by content: ours names its format, SmoothCache's has nothing but lists.</summary>
public sealed class ScheduleFile
{
    private readonly ReadOnlyMemory<byte> _text;

    private ScheduleFile(string path, ReadOnlyMemory<byte> text, ScheduleJson? own) => (Path, _text, Own) = (path, text, own);

    /// <summary>For messages.</summary>
    public string Path { get; }

    /// <summary>What a file of our format says; null for one of SmoothCache.</summary>
    public ScheduleJson? Own { get; }

    /// <summary>"l2c-schedule/1", "/2" or "/3", or "smoothcache".</summary>
    public string Format => Own?.Format ?? "smoothcache";

    /// <summary>Of a SmoothCache file: blocks up to the last one that has a list of its own, 0 when every list is for all blocks.</summary>
    public int NamedBlocks => Own is null ? SmoothCacheJson.NamedBlocks(Path, _text) : 0;

    /// <summary>Reads a file. The source stays open.</summary>
    /// <exception cref="MalformedFileException">It is of neither format, or longer than any schedule.</exception>
    public static ScheduleFile Read(ByteSource source)
    {
        byte[] bytes = source.ReadAll(ReadLimits.ScheduleBytes);

        // Editors put a byte order mark there, which no JSON parser takes.
        ReadOnlyMemory<byte> text = bytes.AsSpan().StartsWith(Encoding.UTF8.Preamble) ? bytes.AsMemory(Encoding.UTF8.Preamble.Length) : bytes;
        return new ScheduleFile(source.Path, text, NamesFormat(source.Path, text) ? ScheduleJson.Parse(source.Path, text) : null);
    }

    /// <summary>The schedule.</summary>
    /// <param name="branches">Branches of the network, which SmoothCache's files do not say; ours is taken as it is.</param>
    /// <exception cref="MalformedFileException">A row or list holds something else than roles and bits, or there are too many of them.</exception>
    /// <exception cref="ArgumentException">Well-formed, but not a valid schedule, or for another number of branches.</exception>
    public CacheSchedule ToSchedule(int branches) => Own?.ToSchedule(Path) ?? SmoothCacheJson.Parse(Path, _text, branches);

    private static bool NamesFormat(string path, ReadOnlyMemory<byte> text)
    {
        JsonElement root = new JsonWords(path).Root(text);
        return root.ValueKind == JsonValueKind.Object && root.TryGetProperty("format", out _);
    }
}
