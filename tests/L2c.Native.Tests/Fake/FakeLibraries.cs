using System.Diagnostics;

namespace L2c.Native.Tests.Fake;

/// <summary>Shared libraries made from the C files of this folder with the machine's C compiler, so that the bindings meet a real C ABI without a
/// GPU.</summary>
internal static class FakeLibraries
{
    private static readonly Lazy<string?> _compiler = new(FindCompiler);

    /// <summary>Builds one library, or skips the calling test where no compiler is on the path.</summary>
    /// <returns>The folder that holds it; the caller deletes it.</returns>
    public static string Build(string fileName, params string[] defines)
    {
        Assert.SkipUnless(
            OperatingSystem.IsLinux() && _compiler.Value is not null,
            "no C compiler (cc, gcc, clang) on the path: the bindings are not run against a C library");
        string folder = Directory.CreateTempSubdirectory("l2c-fake-").FullName;
        Add(folder, fileName, defines);
        return folder;
    }

    /// <summary>Builds one more library into a folder of <see cref="Build"/>; its name says which.</summary>
    public static void Add(string folder, string fileName, params string[] defines)
    {
        bool matrix = fileName.StartsWith("libcublasLt", StringComparison.Ordinal);
        string source = Path.Combine(AppContext.BaseDirectory, "Fake", matrix ? "fake_cublaslt.c" : "fake_driver.c");
        ProcessStartInfo start = new(_compiler.Value!)
        {
            RedirectStandardError = true,
            ArgumentList = { "-shared", "-fPIC", "-o", Path.Combine(folder, fileName), source },
        };
        foreach (string define in defines)
        {
            start.ArgumentList.Add("-D" + define);
        }

        using Process process = Process.Start(start)!;
        string errors = process.StandardError.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, errors);
    }

    private static string? FindCompiler() =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
            .SelectMany(_ => new[] { "cc", "gcc", "clang" }, Path.Combine)
            .FirstOrDefault(File.Exists);
}
