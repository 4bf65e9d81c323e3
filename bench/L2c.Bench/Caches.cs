using System.Globalization;

namespace L2c.Bench;

/// <summary>The first core's caches as Linux tells them: what blocking has to fit into.</summary>
internal static class Caches
{
    /// <summary>In words.</summary>
    /// <param name="folder">Of sysfs.</param>
    /// <returns><c>L1d 48 KiB, L2 1024 KiB, L3 32768 KiB shared by 2 logical cores</c>; "unknown" where no size is told.</returns>
    public static string Describe(string folder = "/sys/devices/system/cpu/cpu0/cache")
    {
        // Virtual machines may leave out any of the files.
        string[] caches = [.. (Directory.Exists(folder) ? Directory.GetDirectories(folder, "index*") : []).Order(StringComparer.Ordinal)
            .Where(cache => Read(cache, "type") != "Instruction" && Read(cache, "size").Length > 0).Select(DescribeOne)];
        return caches.Length == 0 ? "unknown: the operating system does not tell" : string.Join(", ", caches);
    }

    private static string DescribeOne(string cache)
    {
        int sharing = Read(cache, "shared_cpu_list").Split(',', StringSplitOptions.RemoveEmptyEntries).Sum(CountCores);
        string kind = Read(cache, "type") == "Data" ? "d" : "";
        return $"L{Read(cache, "level")}{kind} {Read(cache, "size").Replace("K", " KiB", StringComparison.Ordinal)}"
            + (sharing > 1 ? $" shared by {sharing} logical cores" : "");
    }

    // A list such as 0-3,8: ranges have both ends.
    private static int CountCores(string range)
    {
        int[] ends = [.. range.Split('-').Select(core => int.Parse(core, CultureInfo.InvariantCulture))];
        return ends[^1] - ends[0] + 1;
    }

    private static string Read(string cache, string file)
    {
        string path = Path.Combine(cache, file);
        return File.Exists(path) ? File.ReadAllText(path).Trim() : "";
    }
}
