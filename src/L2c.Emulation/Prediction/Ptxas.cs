using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;

namespace L2c.Emulation;

/// <summary>What NVIDIA's assembler says of a kernel.</summary>
/// <param name="Registers">Of a thread.</param>
/// <param name="StackBytes">Of a thread.</param>
/// <param name="SpillStoreBytes">Registers that it had no room for, stored.</param>
/// <param name="SpillLoadBytes">And loaded again.</param>
public readonly record struct PtxasReport(int Registers, int StackBytes, int SpillStoreBytes, int SpillLoadBytes);

/// <summary>NVIDIA's assembler, where it is present: it knows how many registers a kernel takes.</summary>
/// <param name="path">The program.</param>
public sealed partial class Ptxas(string path)
{
    /// <summary>Finds it: the environment's <c>L2C_PTXAS</c>, then the given folders, then the PATH. Null where it is not present.</summary>
    /// <param name="folders">Where to look first; none in the shipped program, which runs nothing that lies in the current folder.</param>
    /// <exception cref="FileNotFoundException">L2C_PTXAS names a file that is not there, which is a mistake.</exception>
    public static Ptxas? Find(params string[] folders)
    {
        if (Environment.GetEnvironmentVariable("L2C_PTXAS") is { Length: > 0 } named)
        {
            return File.Exists(named)
                ? new Ptxas(named)
                : throw new FileNotFoundException($"L2C_PTXAS={named}: no such file; name ptxas, or unset it");
        }

        string name = OperatingSystem.IsWindows() ? "ptxas.exe" : "ptxas";
        string places = Environment.GetEnvironmentVariable("PATH") ?? "";
        return folders.Concat(places.Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries))
            .Select(folder => Path.Combine(folder, name)).FirstOrDefault(File.Exists) is { } found ? new Ptxas(found) : null;
    }

    /// <summary>Assembles a module of one kernel.</summary>
    /// <param name="text">The module.</param>
    /// <param name="target">As <c>sm_90</c>.</param>
    /// <exception cref="InvalidDataException">It refuses the text; the message is its own.</exception>
    public PtxasReport Assemble(string text, string target)
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("l2c-ptxas-");
        try
        {
            string source = Path.Combine(folder.FullName, "kernel.ptx");
            File.WriteAllText(source, text);
            string report = Run("-v", "-arch=" + target, "-o", Path.Combine(folder.FullName, "kernel.cubin"), source);
            Match frame = Frame().Match(report), registers = Registers().Match(report);
            return frame.Success && registers.Success
                ? new PtxasReport(Number(registers, 1), Number(frame, 1), Number(frame, 2), Number(frame, 3))
                : throw new InvalidDataException($"{path}: {report}");
        }
        finally
        {
            folder.Delete(recursive: true);
        }

        static int Number(Match match, int group) => int.Parse(match.Groups[group].Value, CultureInfo.InvariantCulture);
    }

    /// <summary>As <c>12.4</c>.</summary>
    public string Version() => Release().Match(Run("--version")).Groups[1].Value;

    private string Run(params string[] arguments)
    {
        ProcessStartInfo start = new(path, arguments) { RedirectStandardError = true, RedirectStandardOutput = true };
        using Process process = Process.Start(start)!;
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        string text = process.StandardError.ReadToEnd() + output.Result;
        process.WaitForExit();
        return process.ExitCode == 0 ? text : throw new InvalidDataException($"{path}: {text}");
    }

    [GeneratedRegex(@"(\d+) bytes stack frame, (\d+) bytes spill stores, (\d+) bytes spill loads")]
    private static partial Regex Frame();

    [GeneratedRegex(@"Used (\d+) registers")]
    private static partial Regex Registers();

    [GeneratedRegex(@"release (\d+\.\d+)")]
    private static partial Regex Release();
}
