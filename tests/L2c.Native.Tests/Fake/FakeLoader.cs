using L2c.Native.Libraries;

namespace L2c.Native.Tests.Fake;

/// <summary>A machine: which libraries it has, which of them load, which symbols they export. Handles and addresses are made up.</summary>
internal sealed class FakeLoader : ILibraryLoader
{
    public Dictionary<string, string> Variables { get; } = [];

    /// <summary>Bare names and full paths that load.</summary>
    public HashSet<string> Loadable { get; } = [];

    /// <summary>Full paths that exist and do not load.</summary>
    public HashSet<string> Broken { get; } = [];

    public List<string> Tried { get; } = [];

    public bool IsWindows { get; init; }

    public string? GetEnvironmentVariable(string name) => Variables.GetValueOrDefault(name);

    public bool FileExists(string path) => Loadable.Contains(path) || Broken.Contains(path);

    public nint Load(string nameOrPath, out string? problem)
    {
        Tried.Add(nameOrPath);
        problem = Loadable.Contains(nameOrPath) ? null : "wrong ELF class";
        return problem is null ? 1 : 0;
    }

    public nint GetExport(nint library, string symbol) => 0;

    public string? FileOf(nint address) => null;
}

/// <summary>The real loader on a machine that has nothing but one folder, named by CUDA_HOME: libraries of the machine itself stay out of the
/// test.</summary>
internal sealed class FolderLoader(string? folder) : ILibraryLoader
{
    private readonly SystemLibraryLoader _system = new();

    public bool IsWindows => false;

    public string? GetEnvironmentVariable(string name) => name == "CUDA_HOME" ? folder : null;

    public bool FileExists(string path) => folder is not null && path.StartsWith(folder, StringComparison.Ordinal) && File.Exists(path);

    public nint Load(string nameOrPath, out string? problem)
    {
        problem = "hidden from this test";
        return Path.IsPathRooted(nameOrPath) ? _system.Load(nameOrPath, out problem) : 0;
    }

    public nint GetExport(nint library, string symbol) => _system.GetExport(library, symbol);

    public string? FileOf(nint address) => _system.FileOf(address);
}
