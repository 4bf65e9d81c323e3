using L2c.Model.Metrics.Inception;

namespace L2c;

/// <summary>Two sets of images, or statistics of them, and how their features are computed.</summary>
public sealed record MetricsRequest
{
    /// <summary>Images of a set, at most: the features that precision and recall compare are one array.</summary>
    public const int MaxImages = 1_000_000;

    /// <summary>Images at once unless the request says how many. On the CPU 1 to 8 take the same time per image, and 32 a quarter more (one thread,
    /// AVX-512); CUDA is not measured.</summary>
    public const int CpuBatch = 8, CudaBatch = 64;

    /// <summary>The generated set: npz (<c>arr_0</c>, or <c>mu</c> and <c>sigma</c>), another file of tensors, or a folder of PNG.</summary>
    public required string Samples { get; init; }

    /// <summary>The real set, in any of these forms.</summary>
    public required string Reference { get; init; }

    /// <summary>The FID Inception network; may be null where both are statistics alone.</summary>
    public string? Inception { get; init; }

    /// <summary>How pixels become the network's input.</summary>
    public InceptionRecipe Recipe { get; init; }

    /// <summary>Images of the samples, from the first on; null for all.</summary>
    public int? Count { get; init; }

    /// <summary>Images of the reference, from the first on; null for all.</summary>
    public int? ReferenceCount { get; init; }

    /// <summary>Images at once; null for what suits the device.</summary>
    public int? Batch { get; init; }

    /// <summary>A folder where features are kept, so that an interrupted run goes on and another one uses them again; null for none.</summary>
    public string? Keep { get; init; }

    /// <summary>Whether to round as ADM's evaluator does: distances of precision and recall to binary16.</summary>
    public bool AdmRounding { get; init; }

    /// <summary>Where to compute.</summary>
    public DeviceChoice Device { get; init; } = DeviceChoice.Cpu;
}
