namespace L2c;

/// <summary>Memory of a sampling run on its device, in bytes.</summary>
/// <param name="WeightBytes">The weights.</param>
/// <param name="WorkspaceBytes">A batch beside weights and cache slots: inputs, activations, modulations.</param>
/// <param name="CacheBytes">The cache slots, which keep branch outputs for later evaluations.</param>
public sealed record RunMemory(long WeightBytes, long WorkspaceBytes, long CacheBytes)
{
    /// <summary>Weights of the decoder of latents; null where nothing is decoded.</summary>
    public long? DecoderWeightBytes { get; init; }

    /// <summary>What decoding takes beside them, when the batches are done; null where nothing is decoded.</summary>
    public long? DecoderBytes { get; init; }

    /// <summary>The most of it at one time. A comparison plans a second run beside the first.</summary>
    public long PeakBytes => WeightBytes + (DecoderWeightBytes ?? 0) + Math.Max(WorkspaceBytes + CacheBytes, DecoderBytes ?? 0);
}
