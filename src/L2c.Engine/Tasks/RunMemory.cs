namespace L2c;

/// <summary>Memory of a sampling run on its device, in bytes.</summary>
/// <param name="WeightBytes">The weights.</param>
/// <param name="WorkspaceBytes">A batch beside weights and cache slots: inputs, activations, modulations.</param>
/// <param name="CacheBytes">The cache slots, which keep branch outputs for later evaluations.</param>
public sealed record RunMemory(long WeightBytes, long WorkspaceBytes, long CacheBytes)
{
    /// <summary>All of it. A comparison plans a second run beside it.</summary>
    public long PeakBytes => WeightBytes + WorkspaceBytes + CacheBytes;
}
