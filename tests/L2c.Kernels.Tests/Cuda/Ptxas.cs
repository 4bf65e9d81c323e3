using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using L2c.Kernels.Cuda;
using L2c.Testing;

namespace L2c.Kernels.Tests.Cuda;

/// <summary>What NVIDIA's assembler says of a kernel.</summary>
internal readonly record struct PtxasReport(int Registers, int StackBytes, int SpillStoreBytes, int SpillLoadBytes);

/// <summary>NVIDIA's assembler, where it is present.</summary>
internal static class Ptxas
{
    public const string Missing =
        "no ptxas in L2C_PTXAS, .tools or on the path: registers, stack and spills are not checked (dev/get-ptxas.sh fetches it)";

    public static string? Find()
    {
        if (Environment.GetEnvironmentVariable("L2C_PTXAS") is { Length: > 0 } named)
        {
            // Named and missing is a mistake, not a reason to skip.
            return File.Exists(named) ? named : throw new FileNotFoundException($"L2C_PTXAS={named}: no such file");
        }

        string path = Environment.GetEnvironmentVariable("PATH") ?? "";
        IEnumerable<string> folders = path.Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries);
        return folders.Prepend(Path.Combine(RepositoryPaths.Root ?? ".", ".tools"))
            .Select(folder => Path.Combine(folder, OperatingSystem.IsWindows() ? "ptxas.exe" : "ptxas"))
            .FirstOrDefault(File.Exists);
    }

    public static PtxasReport Assemble(string ptxas, PtxKernel kernel)
    {
        using TemporaryFolder folder = new();
        string source = Path.Combine(folder.Path, "kernel.ptx");
        File.WriteAllText(source, kernel.Text);
        string report = Run(ptxas, "-v", "-arch=" + kernel.Target.Name, "-o", Path.Combine(folder.Path, "kernel.cubin"), source);
        Match frame = Regex.Match(report, @"(\d+) bytes stack frame, (\d+) bytes spill stores, (\d+) bytes spill loads");
        Match registers = Regex.Match(report, @"Used (\d+) registers");
        Assert.True(frame.Success && registers.Success, report);
        return new PtxasReport(Number(registers, 1), Number(frame, 1), Number(frame, 2), Number(frame, 3));

        static int Number(Match match, int group) => int.Parse(match.Groups[group].Value, CultureInfo.InvariantCulture);
    }

    /// <summary>As <c>12.4</c>.</summary>
    public static string Version(string ptxas) => Regex.Match(Run(ptxas, "--version"), @"release (\d+\.\d+)").Groups[1].Value;

    private static string Run(string ptxas, params string[] arguments)
    {
        ProcessStartInfo start = new(ptxas, arguments) { RedirectStandardError = true, RedirectStandardOutput = true };
        using Process process = Process.Start(start)!;
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        string text = process.StandardError.ReadToEnd() + output.Result;
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, text);
        return text;
    }
}
