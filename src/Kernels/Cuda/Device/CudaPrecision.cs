using L2c.Native;

namespace L2c.Kernels;

/// <summary>What a <see cref="CudaDevice"/> stores and how it multiplies. Sums, statistics and the sampler's state are fp32 in every one.</summary>
public enum CudaPrecision
{
    /// <summary>fp32 storage and products.</summary>
    F32,
    /// <summary>fp32 storage; matrix products round their inputs to tf32 (10 bits of mantissa) for tensor cores.</summary>
    TF32,
    /// <summary>IEEE binary16 storage.</summary>
    F16,
    /// <summary>bfloat16 storage.</summary>
    BF16,
}

/// <summary>Facts about <see cref="CudaPrecision"/>.</summary>
public static class CudaPrecisions
{
    /// <summary>Storage type of weights and activations.</summary>
    public static DType StorageType(this CudaPrecision precision) => precision switch
    {
        CudaPrecision.F16 => DType.F16,
        CudaPrecision.BF16 => DType.BF16,
        _ => DType.F32,
    };

    /// <summary>How cuBLASLt multiplies.</summary>
    public static cublasComputeType_t ComputeType(this CudaPrecision precision) =>
        precision == CudaPrecision.TF32 ? cublasComputeType_t.CUBLAS_COMPUTE_32F_FAST_TF32 : cublasComputeType_t.CUBLAS_COMPUTE_32F;

    /// <summary>As options and tables write it: <c>bf16</c>.</summary>
    public static string Label(this CudaPrecision precision) => precision switch
    {
        CudaPrecision.TF32 => "tf32",
        CudaPrecision.F16 => "fp16",
        CudaPrecision.BF16 => "bf16",
        _ => "fp32",
    };
}
