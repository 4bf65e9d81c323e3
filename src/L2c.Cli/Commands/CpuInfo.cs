using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace L2c.Cli.Commands;

/// <summary>The processor.</summary>
/// <param name="Name">As the operating system calls it; the architecture where it does not say.</param>
/// <param name="LogicalCores">Cores that this process may use.</param>
/// <param name="InstructionSet">The widest vectors that the kernels can use here.</param>
internal sealed record CpuInfo(string Name, int LogicalCores, string InstructionSet)
{
    /// <summary>Looks.</summary>
    public static CpuInfo Probe() => new(
        FindName() ?? RuntimeInformation.ProcessArchitecture.ToString(),
        Environment.ProcessorCount,
        Vector512.IsHardwareAccelerated && Avx512F.IsSupported ? "AVX-512"
            : Avx2.IsSupported && Fma.IsSupported ? "AVX2"
            : $"{8 * System.Numerics.Vector<byte>.Count}-bit vectors");

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
