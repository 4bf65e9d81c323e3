using L2c.Native.Libraries;

namespace L2c.Native;

/// <summary>The default provider of <see cref="ICublasLt"/>: the library itself.</summary>
internal sealed partial class LibCublasLt : ICublasLt
{
    private readonly LoadedLibrary _library;

    private LibCublasLt(LoadedLibrary library)
    {
        _library = library;
        _cublasLtGetVersion = library.Export(nameof(cublasLtGetVersion));
        library.Version = $"cuBLASLt {CublasLtVersion.Parse(cublasLtGetVersion())}";

        _cublasLtCreate = library.Export(nameof(cublasLtCreate));
        _cublasLtDestroy = library.Export(nameof(cublasLtDestroy));
        _cublasLtMatmulDescCreate = library.Export(nameof(cublasLtMatmulDescCreate));
        _cublasLtMatmulDescSetAttribute = library.Export(nameof(cublasLtMatmulDescSetAttribute));
        _cublasLtMatmulDescDestroy = library.Export(nameof(cublasLtMatmulDescDestroy));
        _cublasLtMatrixLayoutCreate = library.Export(nameof(cublasLtMatrixLayoutCreate));
        _cublasLtMatrixLayoutSetAttribute = library.Export(nameof(cublasLtMatrixLayoutSetAttribute));
        _cublasLtMatrixLayoutDestroy = library.Export(nameof(cublasLtMatrixLayoutDestroy));
        _cublasLtMatmulPreferenceCreate = library.Export(nameof(cublasLtMatmulPreferenceCreate));
        _cublasLtMatmulPreferenceSetAttribute = library.Export(nameof(cublasLtMatmulPreferenceSetAttribute));
        _cublasLtMatmulPreferenceDestroy = library.Export(nameof(cublasLtMatmulPreferenceDestroy));
        _cublasLtMatmulAlgoGetHeuristic = library.Export(nameof(cublasLtMatmulAlgoGetHeuristic));
        _cublasLtMatmulAlgoCheck = library.Export(nameof(cublasLtMatmulAlgoCheck));
        _cublasLtMatmul = library.Export(nameof(cublasLtMatmul));
    }

    /// <summary>The file that the library was loaded from.</summary>
    public string File => _library.File;

    /// <summary>Finds and loads the library; calls nothing that needs a device.</summary>
    /// <exception cref="CudaUnavailableException">The library or one of its symbols is missing.</exception>
    public static LibCublasLt Load(ILibraryLoader loader) => new(LibrarySearch.CublasLt.Load(loader));
}
