namespace L2c.Kernels.Cuda;

/// <summary>Choices about a <see cref="CudaDevice"/> that change speed and not results beyond rounding.</summary>
public sealed record CudaOptions
{
    /// <summary>Whether cuBLASLt's candidates race for every new shape, when it is prepared; off: the heuristic's first is taken. Winners are kept on disk.</summary>
    public bool Tune { get; init; }

    /// <summary>Whether GELU (tanh) happens inside the product's kernel; off: in a kernel of its own, one more pass over the result.</summary>
    /// <remarks>The fused form saves traffic, but has been reported slow for bf16 on some shapes: the benchmark measures both.</remarks>
    public bool FusedGelu { get; init; } = true;

    /// <summary>Where compiled kernels and chosen algorithms are kept between runs; null for nowhere.</summary>
    public string? CacheFolder { get; init; } = DiskCache.Folder;
}
