namespace L2c.Weights.PyTorch;

/// <summary>One of the two file forms of <c>torch.save</c>: the value of its pickle, and access to the storages outside the pickle.</summary>
internal abstract class TorchContainer(ByteSource source) : IDisposable
{
    protected Dictionary<string, TorchStorage> Storages { get; } = new(StringComparer.Ordinal);

    public ByteSource Source => source;

    /// <summary>"pytorch-zip" or "pytorch-legacy".</summary>
    public abstract string Format { get; }

    /// <summary>The flattened value of the pickle.</summary>
    public abstract StateDict Values { get; }

    /// <summary>Fills <paramref name="destination"/> from byte <paramref name="offset"/> of a storage; the range lies inside it.</summary>
    /// <exception cref="MalformedFileException">The storage is damaged or cut off.</exception>
    public abstract void ReadStorage(TorchStorage storage, long offset, Span<byte> destination);

    public void Dispose() => source.Dispose();
}
