namespace L2c.Weights;

/// <summary>A file of named tensors, opened for reading; nothing but the directory is read until a tensor is asked for.</summary>
/// <remarks>Formats: safetensors, PyTorch zip, PyTorch legacy, npy, npz. <see cref="TensorFiles.Open(string)"/> recognises them by content.</remarks>
public abstract class TensorFile : IDisposable
{
    /// <summary>Path as given, for messages.</summary>
    public abstract string Path { get; }

    /// <summary>"safetensors", "pytorch-zip", "pytorch-legacy", "npy" or "npz".</summary>
    public abstract string Format { get; }

    /// <summary>All tensors, in file order. Nested state dicts have dotted names: <c>ema.blocks.0.attn.qkv.weight</c>.</summary>
    public abstract IReadOnlyList<TensorInfo> Tensors { get; }

    /// <summary>Text metadata of the file (safetensors <c>__metadata__</c>); empty for other formats.</summary>
    public abstract IReadOnlyDictionary<string, string> Metadata { get; }

    /// <summary>The tensor of that name, or null.</summary>
    public abstract TensorInfo? Find(string name);

    /// <summary>Reads elements <paramref name="firstElement"/> .. of a tensor in row-major order as stored bytes (little-endian).</summary>
    /// <param name="tensor">A tensor of this file.</param>
    /// <param name="firstElement">Index of the first element wanted, in row-major order of the tensor's shape.</param>
    /// <param name="destination">Whole elements; its length says how many. BOOL bytes are 0 or 1.</param>
    /// <exception cref="MalformedFileException">The data cannot be read as the directory promised.</exception>
    public abstract void ReadBytes(TensorInfo tensor, long firstElement, Span<byte> destination);

    /// <inheritdoc/>
    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Closes the file.</summary>
    protected abstract void Dispose(bool disposing);
}
