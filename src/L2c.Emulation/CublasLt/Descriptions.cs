using L2c.Native;

namespace L2c.Emulation;

/// <summary>An operation as it was described so far.</summary>
internal sealed class OperationState(cublasComputeType_t compute, cudaDataType_t scale)
{
    public cublasComputeType_t Compute { get; } = compute;

    public cudaDataType_t Scale { get; } = scale;

    public cublasOperation_t OpA { get; set; }

    public cublasOperation_t OpB { get; set; }

    public cublasLtEpilogue_t Epilogue { get; set; } = cublasLtEpilogue_t.CUBLASLT_EPILOGUE_DEFAULT;

    public ulong Bias { get; set; }

    public override string ToString() => "a matmul description";
}

/// <summary>A matrix as it was described so far.</summary>
internal sealed class LayoutState(MatrixLayout layout)
{
    public MatrixLayout Layout { get; set; } = layout;

    public override string ToString() => "a matrix layout";
}

/// <summary>Wishes for the heuristic. The library's defaults: no workspace, everything aligned to 256 bytes.</summary>
internal sealed class PreferenceState
{
    public ulong WorkspaceBytes { get; set; }

    public Dictionary<cublasLtMatmulPreferenceAttributes_t, uint> Alignments { get; } = [];

    public uint Alignment(cublasLtMatmulPreferenceAttributes_t matrix) => Alignments.GetValueOrDefault(matrix, 256u);

    public override string ToString() => "a matmul preference";
}

/// <summary>A batch of column-major matrices in memory.</summary>
/// <param name="Type">Element type.</param>
/// <param name="Rows">Rows of each.</param>
/// <param name="Columns">Columns of each.</param>
/// <param name="Ld">Elements from one column to the next.</param>
/// <param name="Batch">How many.</param>
/// <param name="BatchStride">Elements from one matrix to the next.</param>
internal readonly record struct MatrixLayout(cudaDataType_t Type, long Rows, long Columns, long Ld, int Batch, long BatchStride)
{
    public int ElementBytes => Type == cudaDataType_t.CUDA_R_32F ? 4 : 2;

    public long ColumnBytes => Rows * ElementBytes;

    public bool Valid => Rows > 0 && Columns > 0 && Ld >= Rows && Batch > 0 && Enum.IsDefined(Type);

    /// <summary>First byte of a column of a matrix whose batch starts at an address.</summary>
    public ulong Column(ulong address, int batch, long column) => address + (ulong)((batch * BatchStride + column * Ld) * ElementBytes);

    /// <summary>Whether every column can start at a multiple of so many bytes.</summary>
    public bool StridesAlign(int bytes) => Ld * ElementBytes % bytes == 0 && (Batch == 1 || BatchStride * ElementBytes % bytes == 0);
}
