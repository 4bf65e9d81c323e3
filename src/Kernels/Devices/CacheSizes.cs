using System.Globalization;

namespace L2c.Kernels;

/// <summary>Sizes of the machine's caches, by which products cut their operands and networks their batches. They decide speed, never a
/// result.</summary>
/// <remarks>Linux tells them in files. Elsewhere, and where a container hides the files, those of small current machines are assumed: blocks that are
/// smaller than they could be cost some percent, blocks that do not fit cost more.</remarks>
internal static class CacheSizes
{
    private const long AssumedSecond = 512 << 10;
    private const long AssumedLast = 8 << 20;

    static CacheSizes() => (Second, Last) = Read("/sys/devices/system/cpu/cpu0/cache");

    /// <summary>A logical processor's share of the second cache.</summary>
    public static long Second { get; }

    /// <summary>All of the last cache that the first processor reaches.</summary>
    public static long Last { get; }

    /// <summary>What a folder of Linux says, or what is assumed.</summary>
    internal static (long Second, long Last) Read(string folder)
    {
        long second = 0, last = 0;
        int deepest = 0;
        foreach (string cache in Folders(folder))
        {
            long bytes = Bytes(Text(cache, "size"));
            if (bytes > 0 && Text(cache, "type") != "Instruction" && int.TryParse(Text(cache, "level"), CultureInfo.InvariantCulture, out int level))
            {
                second = level == 2 ? bytes / Processors(Text(cache, "shared_cpu_list")) : second;
                (deepest, last) = level > deepest ? (level, bytes) : (deepest, last);
            }
        }

        return (second > 0 ? second : AssumedSecond, deepest >= 2 ? last : AssumedLast);
    }

    private static string[] Folders(string folder)
    {
        try
        {
            return Directory.GetDirectories(folder, "index*");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    private static string Text(string cache, string file)
    {
        try
        {
            return File.ReadAllText(Path.Combine(cache, file)).Trim();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }

    // 48K, 1024K, 16M; 0 for anything else.
    private static long Bytes(string text)
    {
        int shift = text.Length == 0 ? 0 : text[^1] switch { 'K' => 10, 'M' => 20, 'G' => 30, _ => 0 };
        return long.TryParse(shift == 0 ? text : text[..^1], NumberStyles.None, CultureInfo.InvariantCulture, out long count) ? count << shift : 0;
    }

    // Of a list such as 0-3,8,10-11; 1 where it is none.
    private static int Processors(string list)
    {
        int count = 0;
        foreach (string range in list.Split(','))
        {
            int[] ends = [.. range.Split('-').Select(end => int.TryParse(end, NumberStyles.None, CultureInfo.InvariantCulture, out int n) ? n : -1)];
            count += ends is [>= 0, ..] ? ends[^1] - ends[0] + 1 : 0;
        }

        return Math.Max(count, 1);
    }
}
