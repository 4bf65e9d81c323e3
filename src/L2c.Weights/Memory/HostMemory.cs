using System.Globalization;
using System.Text.RegularExpressions;

namespace L2c.Weights.Memory;

/// <summary>Memory that a process may still take, and what limits it.</summary>
/// <param name="Bytes">At least 0.</param>
/// <param name="Where">Ends the sentence "N bytes are free".</param>
public readonly record struct FreeMemory(long Bytes, string Where);

/// <summary>How much memory of the host is left for this process: asked anew each time.</summary>
/// <remarks>
/// The least of what the machine has available, what the process's control groups (versions 1 and 2, with all groups above) allow beyond their use
/// without page cache, and, for arrays, the garbage collector's limit. Swap is not counted. <c>L2C_MEMORY</c> replaces the first two.
/// </remarks>
public sealed partial record HostMemory
{
    /// <summary>Environment variable that says how much may be taken, whatever the machine says.</summary>
    public const string Variable = "L2C_MEMORY";

    /// <summary>This process on this machine, with what the environment says.</summary>
    public static HostMemory Machine { get; } = new() { Stated = Environment.GetEnvironmentVariable(Variable) };

    /// <summary>Folder in which <c>proc</c> and <c>sys</c> are.</summary>
    public string Root { get; init; } = "/";

    /// <summary>What may be taken, as <c>1500M</c> or <c>2GiB</c>; null or empty to ask the machine.</summary>
    public string? Stated { get; init; }

    /// <summary>Limit of the garbage-collected heap in bytes; null to ask the garbage collector.</summary>
    public long? HeapLimit { get; init; }

    /// <summary>What may be taken in all.</summary>
    /// <exception cref="FormatException"><see cref="Stated"/> is not a size.</exception>
    public FreeMemory Free()
    {
        if (!string.IsNullOrEmpty(Stated))
        {
            return new FreeMemory(Parse(Stated), $"by {Variable}");
        }

        FreeMemory machine = new(MachineBytes(), "on this machine");
        return ControlGroups.FreeBytes(Root) is { } allowed && allowed < machine.Bytes
            ? new FreeMemory(allowed, "within the memory limit of this container")
            : machine;
    }

    /// <summary>What arrays may take.</summary>
    public FreeMemory FreeHeap()
    {
        long limit = HeapLimit ?? GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
        return new FreeMemory(Math.Max(0, limit - GC.GetTotalMemory(forceFullCollection: false)), "within the limit of the .NET heap");
    }

    /// <summary>Fails unless so many bytes of arrays are free.</summary>
    /// <param name="task">What is to be done with them.</param>
    /// <param name="bytes">How many, with a margin for what is not counted.</param>
    /// <exception cref="InsufficientMemoryException">They are not.</exception>
    /// <exception cref="FormatException"><see cref="Stated"/> is not a size.</exception>
    public void Require(string task, long bytes)
    {
        foreach (FreeMemory free in (FreeMemory[])[Free(), FreeHeap()])
        {
            if (free.Bytes < bytes)
            {
                throw new InsufficientMemoryException(
                    $"{task} needs {Text(bytes)} of memory, and {Text(free.Bytes)} are free {free.Where}; free some memory");
            }
        }
    }

    /// <summary>A size for people, as <c>1.50 GiB</c>, <c>4.8 MiB</c>, <c>16.0 KiB</c> or <c>12 bytes</c>.</summary>
    public static string Text(long bytes) => bytes switch
    {
        < 1 << 10 => string.Create(CultureInfo.InvariantCulture, $"{bytes} byte{(bytes == 1 ? "" : "s")}"),
        < 1 << 20 => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1024.0:0.0} KiB"),
        < 1 << 30 => string.Create(CultureInfo.InvariantCulture, $"{bytes / (double)(1 << 20):0.0} MiB"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{bytes / (double)(1 << 30):0.00} GiB"),
    };

    private long MachineBytes()
    {
        const string field = "MemAvailable:";
        string[] lines = SystemFile.Lines(Path.Combine(Root, "proc/meminfo"));
        string? text = Array.Find(lines, line => line.StartsWith(field, StringComparison.Ordinal))?[field.Length..].Trim().Split(' ')[0];
        if (long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long kibi))
        {
            return kibi * 1024;
        }

        // No Linux: what the garbage collector knows of the machine.
        GCMemoryInfo info = GC.GetGCMemoryInfo();
        return Math.Max(0, info.TotalAvailableMemoryBytes - Math.Max(info.MemoryLoadBytes, Environment.WorkingSet));
    }

    private static long Parse(string text)
    {
        Match size = Size().Match(text);
        if (size.Success && double.TryParse(size.Groups["number"].ValueSpan, NumberStyles.Float, CultureInfo.InvariantCulture, out double number))
        {
            string unit = size.Groups["unit"].Value.ToUpperInvariant();
            double bytes = number * Math.Pow(1024, unit.Length == 0 ? 0 : "KMGT".IndexOf(unit[0], StringComparison.Ordinal) + 1);
            return bytes < long.MaxValue ? (long)bytes : long.MaxValue;
        }

        throw new FormatException($"{Variable}={text} is not a size; give a number of bytes, or one with K, M, G or T, such as 1500M");
    }

    [GeneratedRegex("^(?<number>[0-9]{1,15}([.][0-9]{1,3})?) ?((?<unit>[KMGT])(i?B)?)?$", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Size();
}
