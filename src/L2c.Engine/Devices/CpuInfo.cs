using System.Runtime.InteropServices;
using L2c.Kernels;

namespace L2c;

/// <summary>The processor.</summary>
/// <param name="Name">As the operating system calls it; the architecture where it does not say.</param>
/// <param name="LogicalCores">Cores that this process may use.</param>
/// <param name="Device">What the engine makes of it: vectors and threads.</param>
public sealed record CpuInfo(string Name, int LogicalCores, string Device)
{
    /// <summary>Looks.</summary>
    public static CpuInfo Probe()
    {
        using CpuDevice device = new();
        return new CpuInfo(FindName() ?? RuntimeInformation.ProcessArchitecture.ToString(), Environment.ProcessorCount, device.Name);
    }

    private static string? FindName()
    {
        const string linux = "/proc/cpuinfo";
        if (!File.Exists(linux))
        {
            return Environment.GetEnvironmentVariable("PROCESSOR_IDENTIFIER");
        }

        string? line = File.ReadLines(linux).FirstOrDefault(l => l.StartsWith("model name", StringComparison.Ordinal));
        return line?[(line.IndexOf(':') + 1)..].Trim();
    }
}
