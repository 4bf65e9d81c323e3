using System.Globalization;

namespace L2c.Weights.Memory;

/// <summary>Memory limits of the control groups that this process is in, of versions 1 and 2.</summary>
/// <remarks>
/// A limit binds with its group's whole use, but page cache of files is given back before anybody is killed, so it counts as free. In a container the
/// path of the group may be the host's, which is not there: its parents are tried up to the root, which is the container's own group.
/// Source: the kernel's Documentation/admin-guide, cgroup-v2 and cgroup-v1/memory.
/// </remarks>
internal static class ControlGroups
{
    // Version 1 says "no limit" by the largest number of pages.
    private const long NoLimit = 1L << 60;

    private static readonly Files _one = new(
        "memory", "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file", "total_active_file");
    private static readonly Files _two = new("", "memory.max", "memory.current", "inactive_file", "active_file");

    /// <summary>Bytes that every limit leaves; null where none limits.</summary>
    /// <param name="root">Folder in which <c>proc</c> and <c>sys</c> are.</param>
    public static long? FreeBytes(string root)
    {
        long? free = null;
        foreach (string line in SystemFile.Lines(Path.Combine(root, "proc/self/cgroup")))
        {
            // number : controllers, none for version 2 : path
            if (line.Split(':', 3) is not [_, var controllers, var path] || !(controllers.Length == 0 || controllers.Split(',').Contains("memory")))
            {
                continue;
            }

            Files files = controllers.Length == 0 ? _two : _one;
            string group = path.Trim('/');
            while (true)
            {
                long? left = FreeBytes(Path.Combine(root, "sys/fs/cgroup", files.Mount, group), files);
                free = left is null ? free : Math.Min(left.Value, free ?? long.MaxValue);
                if (group.Length == 0)
                {
                    break;
                }

                group = Path.GetDirectoryName(group) ?? "";
            }
        }

        return free;
    }

    private static long? FreeBytes(string folder, Files files)
    {
        if (Number(SystemFile.Lines(Path.Combine(folder, files.Limit)).FirstOrDefault()) is not { } limit || limit >= NoLimit)
        {
            return null;
        }

        long used = Number(SystemFile.Lines(Path.Combine(folder, files.Use)).FirstOrDefault()) ?? 0;
        long cache = SystemFile.Lines(Path.Combine(folder, "memory.stat"))
            .Select(line => line.Split(' '))
            .Where(words => words.Length == 2 && (words[0] == files.InactiveCache || words[0] == files.ActiveCache))
            .Sum(words => Number(words[1]) ?? 0);
        return Math.Max(0, limit - Math.Max(0, used - cache));
    }

    private static long? Number(string? text) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long number) ? number : null;

    /// <summary>Names of a version.</summary>
    private sealed record Files(string Mount, string Limit, string Use, string InactiveCache, string ActiveCache);
}
