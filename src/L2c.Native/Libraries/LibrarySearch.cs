namespace L2c.Native.Libraries;

/// <summary>Where a vendor library is looked for: versioned names through the system's search first, then the same names in the toolkit's
/// folders.</summary>
/// <param name="Library">What the library is called in messages.</param>
/// <param name="LinuxNames">File names, most wanted first.</param>
/// <param name="WindowsNames">File names, most wanted first.</param>
/// <param name="Advice">What to do when it is missing.</param>
internal sealed record LibrarySearch(string Library, string[] LinuxNames, string[] WindowsNames, string Advice)
{
    /// <summary>The driver's library. The toolkit has a file of that name too, in <c>stubs</c>, which can do nothing and is not looked at.</summary>
    public static LibrarySearch Driver { get; } = new(
        "libcuda",
        ["libcuda.so.1", "libcuda.so"],
        ["nvcuda.dll"],
        "install the NVIDIA driver");

    /// <summary>cuBLASLt, newest major version first.</summary>
    public static LibrarySearch CublasLt { get; } = new(
        "libcublasLt",
        ["libcublasLt.so.13", "libcublasLt.so.12", "libcublasLt.so.11", "libcublasLt.so"],
        ["cublasLt64_13.dll", "cublasLt64_12.dll", "cublasLt64_11.dll"],
        "install cuBLAS 11 or newer, or put its folder on LD_LIBRARY_PATH (Windows: PATH) or its toolkit in CUDA_HOME");

    private static readonly string[] _linuxSubfolders = ["", "lib64", "targets/x86_64-linux/lib"];
    private static readonly string[] _windowsSubfolders = ["", "bin", "bin/x64"];

    /// <summary>Loads the first candidate that loads.</summary>
    /// <exception cref="CudaUnavailableException">None does; the message has every name and place, and why a file that exists did not
    /// load.</exception>
    public LoadedLibrary Load(ILibraryLoader loader)
    {
        string[] names = loader.IsWindows ? WindowsNames : LinuxNames;
        foreach (string name in names)
        {
            nint handle = loader.Load(name, out _);
            if (handle != 0)
            {
                return new LoadedLibrary(loader, this, handle, name);
            }
        }

        List<string> refused = [];
        List<string> folders = [.. Folders(loader).Distinct()];
        foreach (string path in folders.SelectMany(_ => names, Join).Where(loader.FileExists))
        {
            nint handle = loader.Load(path, out string? problem);
            if (handle != 0)
            {
                return new LoadedLibrary(loader, this, handle, path);
            }

            refused.Add($"{path} does not load ({problem})");
        }

        string looked = $"looked for {string.Join(", ", names)} in the system's library search"
            + string.Concat(folders.Select(folder => ", " + folder));
        throw new CudaUnavailableException($"{Library}: not found; {string.Join("; ", [.. refused, looked, Advice])}");
    }

    private static IEnumerable<string> Folders(ILibraryLoader loader)
    {
        string[] subfolders = loader.IsWindows ? _windowsSubfolders : _linuxSubfolders;
        string? usual = loader.IsWindows ? null : "/usr/local/cuda";
        string?[] roots = [loader.GetEnvironmentVariable("CUDA_HOME"), loader.GetEnvironmentVariable("CUDA_PATH"), usual];
        foreach (string root in roots.OfType<string>().Where(root => root.Length > 0))
        {
            foreach (string subfolder in subfolders)
            {
                yield return Join(root, subfolder);
            }
        }

        // The system's search has read LD_LIBRARY_PATH as it was when the process started; this is as it is now.
        string path = (loader.IsWindows ? null : loader.GetEnvironmentVariable("LD_LIBRARY_PATH")) ?? "";
        foreach (string folder in path.Split(':', StringSplitOptions.RemoveEmptyEntries))
        {
            yield return folder;
        }
    }

    private static string Join(string folder, string name) => name.Length == 0 ? folder : folder.TrimEnd('/', '\\') + "/" + name;
}
