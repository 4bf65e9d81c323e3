namespace L2c.Native.Libraries;

/// <summary>A library in this process. Never unloaded: a driver does not survive that.</summary>
internal sealed class LoadedLibrary
{
    private readonly ILibraryLoader _loader;
    private readonly LibrarySearch _search;
    private readonly nint _handle;

    public LoadedLibrary(ILibraryLoader loader, LibrarySearch search, nint handle, string loadedAs)
    {
        _loader = loader;
        _search = search;
        _handle = handle;
        File = loadedAs;
    }

    /// <summary>Full path once a symbol has been found, else the name it was loaded by.</summary>
    public string File { get; private set; }

    /// <summary>For messages; set as soon as the library has told it.</summary>
    public string Version { get; set; } = "version unknown";

    /// <summary>Address of a symbol, or 0 where the library has none of that name.</summary>
    public nint OptionalExport(string symbol) => _loader.GetExport(_handle, symbol);

    /// <summary>Address of a symbol that must exist.</summary>
    /// <exception cref="CudaUnavailableException">It does not: the library is too old, or is another one of that name.</exception>
    public nint Export(string symbol)
    {
        nint address = OptionalExport(symbol);
        if (address == 0)
        {
            throw new CudaUnavailableException($"{File}: has no {symbol} ({Version}); {_search.Advice}, in a newer version");
        }

        if (!Path.IsPathRooted(File))
        {
            File = _loader.FileOf(address) ?? File;
        }

        return address;
    }
}
