namespace L2c.Kernels.Cuda;

/// <summary>Choices about a <see cref="CudaDevice"/> that change speed and not results beyond rounding.</summary>
public sealed record CudaOptions
{
    /// <summary>Whether cuBLASLt's candidates race for every new shape when it is prepared for a recording; off: the heuristic's first is taken.</summary>
    /// <remarks>Winners are kept on disk and serve later runs, tuned or not: the same run can differ by rounding before and after.</remarks>
    public bool Tune { get; init; }

    /// <summary>Whether GELU (tanh) happens inside the product's kernel; otherwise in a kernel of its own, one more pass over the result. Null: fused for
    /// halves from sm_90 on, where a small product shows that the library's formula is the own kernel's.</summary>
    /// <remarks>
    /// The fused form saves traffic, but is reported slow on some shapes and older devices, and nobody documents its formula: true takes it as it is.
    /// <c>l2c bench forward --fused-gelu</c> compares.
    /// </remarks>
    public bool? FusedGelu { get; init; }

    /// <summary>Most scratch memory, in bytes, that a convolution's gathered rows or the scores of wide attention heads take at a time.</summary>
    /// <remarks>What is written there is read again at once: it should fit into the second-level cache (40 MB on an A100, 50 on an H200) beside the other
    /// operands, and hold enough rows that a product of them occupies the device.</remarks>
    public int PartBytes { get; init; } = 32 << 20;

    /// <summary>Where compiled kernels and chosen algorithms are kept between runs; null for nowhere.</summary>
    public string? CacheFolder { get; init; } = DiskCache.Folder;
}
