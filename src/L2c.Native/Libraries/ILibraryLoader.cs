using System.Diagnostics;
using System.Runtime.InteropServices;

namespace L2c.Native.Libraries;

/// <summary>What the search for a library asks of the operating system; the tests answer in its place.</summary>
internal interface ILibraryLoader
{
    /// <summary>Windows names and folders instead of Linux ones.</summary>
    bool IsWindows { get; }

    /// <summary>An environment variable, or null.</summary>
    string? GetEnvironmentVariable(string name);

    /// <summary>Whether a file exists at the path.</summary>
    bool FileExists(string path);

    /// <summary>Loads a library; a bare name goes through the system's own search.</summary>
    /// <param name="nameOrPath">A bare file name or a full path.</param>
    /// <param name="problem">Why it did not load, in one line; null on success.</param>
    /// <returns>The library's handle, or 0.</returns>
    nint Load(string nameOrPath, out string? problem);

    /// <summary>Address of an exported symbol, or 0.</summary>
    nint GetExport(nint library, string symbol);

    /// <summary>The file that an address of a loaded library comes from, or null when that cannot be told.</summary>
    string? FileOf(nint address);
}

/// <summary>The operating system's loader.</summary>
internal sealed class SystemLibraryLoader : ILibraryLoader
{
    public bool IsWindows => OperatingSystem.IsWindows();

    public string? GetEnvironmentVariable(string name) => Environment.GetEnvironmentVariable(name);

    public bool FileExists(string path) => File.Exists(path);

    public nint Load(string nameOrPath, out string? problem)
    {
        try
        {
            problem = null;
            return NativeLibrary.Load(nameOrPath);
        }
        catch (Exception e) when (e is DllNotFoundException or BadImageFormatException)
        {
            problem = string.Join(' ', e.Message.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
            return 0;
        }
    }

    public nint GetExport(nint library, string symbol) => NativeLibrary.TryGetExport(library, symbol, out nint address) ? address : 0;

    public string? FileOf(nint address)
    {
        using Process process = Process.GetCurrentProcess();
        foreach (ProcessModule module in process.Modules)
        {
            if (address >= module.BaseAddress && address < module.BaseAddress + module.ModuleMemorySize)
            {
                return module.FileName;
            }
        }

        return null;
    }
}
