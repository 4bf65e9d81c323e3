using System.Diagnostics;
using System.Reflection;
using System.Runtime.InteropServices;

namespace L2c.Packages.Tests;

/// <summary>Programs run as a user would, in a folder of their own.</summary>
public static class Dotnet
{
    /// <summary>Release or Debug, as this assembly.</summary>
    public static string Configuration { get; } = typeof(Dotnet).Assembly.GetCustomAttribute<AssemblyConfigurationAttribute>()!.Configuration;

    /// <summary>The folder of the .NET that runs this test.</summary>
    public static string Root { get; } = Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", ".."));

    /// <summary>Whether it has an SDK.</summary>
    public static bool HasSdk => Directory.Exists(Path.Combine(Root, "sdk"));

    /// <summary>Runs <c>dotnet</c>, which must succeed.</summary>
    /// <param name="folder">Current folder.</param>
    /// <param name="args">Its arguments.</param>
    /// <returns>What it printed.</returns>
    public static string Run(string folder, params string[] args) => RunProgram(Path.Combine(Root, "dotnet"), folder, args);

    /// <summary>Runs a program, which must succeed.</summary>
    /// <param name="program">Path of the program.</param>
    /// <param name="folder">Current folder.</param>
    /// <param name="args">Its arguments.</param>
    /// <returns>What it printed.</returns>
    public static string RunProgram(string program, string folder, params string[] args)
    {
        ProcessStartInfo start = new(program, args) { WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true };

        // `dotnet test` tells its children where its own MSBuild is; a folder of packages would be preferred to that of NuGet.config.
        foreach (string name in start.Environment.Keys.Where(name =>
            name == "NUGET_PACKAGES" || name.StartsWith("MSBUILD", StringComparison.OrdinalIgnoreCase)).ToArray())
        {
            start.Environment.Remove(name);
        }

        start.Environment["DOTNET_ROOT"] = Root;
        start.Environment["DOTNET_NOLOGO"] = "1";
        start.Environment["MSBUILDDISABLENODEREUSE"] = "1"; // nothing outlives the test
        start.Environment["UseSharedCompilation"] = "false";
        using Process process = Process.Start(start)!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, $"{Path.GetFileName(program)} {string.Join(' ', args)}: {process.ExitCode}\n{output}\n{errors.Result}");
        return output;
    }
}
