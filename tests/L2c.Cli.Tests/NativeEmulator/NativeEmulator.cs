using System.Diagnostics;
using L2c.Testing;

namespace L2c.Cli.Tests.NativeEmulator;

/// <summary>The emulated GPU as libcuda.so.1 and libcublasLt.so.12: the folder that L2C_EMULATED_GPU names, or one that dev/emulated-gpu.sh
/// fills.</summary>
internal static class NativeEmulator
{
    private const int NoToolchain = 3;

    private static readonly Lazy<(string? Folder, string Problem)> _built = new(Build);

    /// <summary>The folder; the calling test is skipped on a machine that cannot compile it.</summary>
    public static string Folder
    {
        get
        {
            Assert.SkipWhen(_built.Value.Folder is null, _built.Value.Problem);
            return _built.Value.Folder!;
        }
    }

    /// <summary>Runs the command line as a process that finds CUDA's libraries where the test says.</summary>
    /// <param name="cli">Whose folder is the current one.</param>
    /// <param name="environment">LD_LIBRARY_PATH and others; compiled kernels lie in the test's folder.</param>
    /// <param name="args">The command.</param>
    public static CliResult Run(CliRunner cli, IReadOnlyDictionary<string, string> environment, params string[] args)
    {
        ProcessStartInfo start = new("dotnet", [Path.Combine(AppContext.BaseDirectory, "l2c.dll"), .. args])
        {
            WorkingDirectory = cli.Folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment = { ["L2C_CACHE"] = cli.PathOf("cache") },
        };
        foreach (string name in (string[])["LD_LIBRARY_PATH", "CUDA_HOME", "CUDA_PATH", "CUDA_LAUNCH_BLOCKING"])
        {
            start.Environment.Remove(name);
        }

        foreach ((string name, string value) in environment)
        {
            start.Environment[name] = value;
        }

        (int code, string output, string error) = Finish(start);
        return new CliResult(code, output, error, "");
    }

    /// <summary>The same with both libraries on LD_LIBRARY_PATH.</summary>
    public static CliResult Run(CliRunner cli, params string[] args) =>
        Run(cli, new Dictionary<string, string> { ["LD_LIBRARY_PATH"] = Folder }, args);

    private static (string? Folder, string Problem) Build()
    {
        if (Environment.GetEnvironmentVariable("L2C_EMULATED_GPU") is { Length: > 0 } named)
        {
            // Named and missing is a mistake, not a reason to skip.
            string file = Path.Combine(named, "libcuda.so.1");
            return File.Exists(file) ? (named, "") : throw new FileNotFoundException($"L2C_EMULATED_GPU={named}: no libcuda.so.1 there");
        }

        string script = Path.Combine(RepositoryPaths.Root ?? "", "dev", "emulated-gpu.sh");
        if (!OperatingSystem.IsLinux() || !File.Exists(script))
        {
            return (null, "the native emulator is built on Linux, from a checkout");
        }

        string folder = Directory.CreateTempSubdirectory("l2c-emulated-gpu-").FullName;
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Directory.Delete(folder, true);
        ProcessStartInfo start = new(script, [folder]) { RedirectStandardOutput = true, RedirectStandardError = true };

        // `dotnet test` tells its children where its own MSBuild is.
        foreach (string name in start.Environment.Keys.Where(name => name.StartsWith("MSBUILD", StringComparison.OrdinalIgnoreCase)).ToArray())
        {
            start.Environment.Remove(name);
        }

        (int code, string output, string error) = Finish(start);
        return code switch
        {
            0 => (folder, ""),
            NoToolchain => (null, error.TrimEnd().Split('\n')[^1]),
            _ => throw new InvalidOperationException($"dev/emulated-gpu.sh: {code}\n{output}\n{error}"),
        };
    }

    private static (int Code, string Output, string Error) Finish(ProcessStartInfo start)
    {
        using Process process = Process.Start(start)!;
        Task<string> error = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output, error.Result);
    }
}
