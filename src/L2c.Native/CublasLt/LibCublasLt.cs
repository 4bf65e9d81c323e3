using L2c.Native.Libraries;

namespace L2c.Native;

/// <summary>The default provider of <see cref="ICublasLt"/>: the library itself.</summary>
internal sealed unsafe class LibCublasLt : ICublasLt
{
    private readonly LoadedLibrary _library;
    private readonly nint _cublasLtGetVersion;

    private LibCublasLt(LoadedLibrary library)
    {
        _library = library;
        _cublasLtGetVersion = library.Export(nameof(cublasLtGetVersion));
    }

    /// <summary>The file that the library was loaded from.</summary>
    public string File => _library.File;

    /// <summary>Finds and loads the library.</summary>
    /// <exception cref="CudaUnavailableException">The library or its symbol is missing.</exception>
    public static LibCublasLt Load(ILibraryLoader loader) => new(LibrarySearch.CublasLt.Load(loader));

    public nuint cublasLtGetVersion() => ((delegate* unmanaged<nuint>)_cublasLtGetVersion)();
}
