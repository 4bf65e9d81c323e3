using System.Runtime.InteropServices;

namespace L2c.Bench.Peers;

/// <summary>OpenBLAS as the machine has it (Debian: libopenblas0-pthread), bound while the program runs: no build needs it.</summary>
internal sealed class OpenBlas
{
    private const int RowMajor = 101, NoTranspose = 111, Transpose = 112;

    private static readonly string[] _names = ["libopenblas.so.0", "libopenblas", "libblas.so.3"];

    private readonly CblasSgemm _sgemm;

    private OpenBlas(nint library, int threads)
    {
        _sgemm = Marshal.GetDelegateForFunctionPointer<CblasSgemm>(NativeLibrary.GetExport(library, "cblas_sgemm"));
        Marshal.GetDelegateForFunctionPointer<SetNumThreads>(NativeLibrary.GetExport(library, "openblas_set_num_threads"))(threads);
        Threads = Marshal.GetDelegateForFunctionPointer<GetNumThreads>(NativeLibrary.GetExport(library, "openblas_get_num_threads"))();
        Version = Text("openblas_get_config").Split(' ')[1];
        Core = Text("openblas_get_corename");

        string Text(string function) =>
            Marshal.PtrToStringUTF8(Marshal.GetDelegateForFunctionPointer<GetText>(NativeLibrary.GetExport(library, function))()) ?? "";
    }

    private delegate void CblasSgemm(
        int order, int transposeA, int transposeB, int m, int n, int k,
        float alpha, float[] a, int lda, float[] b, int ldb, float beta, float[] c, int ldc);

    private delegate void SetNumThreads(int threads);

    private delegate int GetNumThreads();

    private delegate nint GetText();

    /// <summary>The release.</summary>
    public string Version { get; }

    /// <summary>Whose kernels it has chosen: <c>SkylakeX</c>, <c>Haswell</c>, <c>Zen</c>. OPENBLAS_CORETYPE chooses others.</summary>
    public string Core { get; }

    /// <summary>Threads of a product.</summary>
    public int Threads { get; }

    /// <summary>Floats in a vector of those kernels; releases write their names in capitals of their own.</summary>
    public int VectorWidth => Core.ToUpperInvariant() switch
    {
        "SKYLAKEX" or "COOPERLAKE" or "SAPPHIRERAPIDS" => 16,
        "HASWELL" or "ZEN" or "SANDYBRIDGE" or "BULLDOZER" or "PILEDRIVER" or "STEAMROLLER" or "EXCAVATOR" => 8,
        _ => 4,
    };

    /// <summary>Loads it.</summary>
    /// <param name="threads">Threads of a product.</param>
    /// <returns>Null where the machine has none; a BLAS of another kind is none.</returns>
    public static OpenBlas? TryLoad(int threads)
    {
        // Its threads wait for work in a loop, 0.1 s by default, which the other contestants would pay for. Ours and ONNX Runtime's sleep too. It
        // reads the process's own environment, which .NET's copy does not change.
        if (OperatingSystem.IsLinux())
        {
            const string name = "OPENBLAS_THREAD_TIMEOUT", binaryLogarithmOfCycles = "16";
            _ = SetEnvironment(name, binaryLogarithmOfCycles, overwrite: 0);
        }

        foreach (string name in _names)
        {
            if (NativeLibrary.TryLoad(name, out nint library))
            {
                if (NativeLibrary.TryGetExport(library, "openblas_get_corename", out _))
                {
                    return new OpenBlas(library, threads);
                }

                NativeLibrary.Free(library);
            }
        }

        return null;
    }

    /// <summary>A product of matrices in rows, on operands of its own.</summary>
    /// <param name="product">Which.</param>
    /// <returns>One run.</returns>
    public Action Prepare(MatrixProduct product)
    {
        float[] left = OnnxInput.Values(product.Left.Count), right = OnnxInput.Values(product.Right.Count);
        float[] result = new float[product.Result.Count];
        return () => Multiply(product, left, right, result);
    }

    /// <summary>One product.</summary>
    /// <param name="product">Which.</param>
    /// <param name="left">Its left operand as it is stored.</param>
    /// <param name="right">Its right operand as it is stored.</param>
    /// <param name="result">Receives it.</param>
    public void Multiply(MatrixProduct product, float[] left, float[] right, float[] result) => _sgemm(
        RowMajor, product.IsLeftTransposed ? Transpose : NoTranspose, product.IsRightTransposed ? Transpose : NoTranspose,
        product.Result.Rows, product.Result.Columns, product.Inner, 1, left, product.Left.Columns, right, product.Right.Columns,
        0, result, product.Result.Columns);

    [DllImport("libc", EntryPoint = "setenv", CharSet = CharSet.Ansi)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int SetEnvironment(string name, string value, int overwrite);
}
