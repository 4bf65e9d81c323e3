namespace L2c.Model.Training.Data;

/// <summary>Labelled images or latents in safetensors or npy files, read item by item: memory does not grow with the set.</summary>
public sealed class ShardData : ITrainingData, IDisposable
{
    /// <summary>Opens a file, or all files of a folder in ordinal order.</summary>
    /// <param name="path">A safetensors file, a folder of them, or a folder of npy pairs.</param>
    /// <param name="seed">Seed of the order in which items come.</param>
    /// <param name="classes">Labels must be below it; null for the largest label plus one, which reads them all.</param>
    public static ShardData Open(string path, ulong seed, int? classes) => throw new NotImplementedException();

    /// <inheritdoc/>
    public string Name => throw new NotImplementedException();

    /// <inheritdoc/>
    public int Channels => throw new NotImplementedException();

    /// <inheritdoc/>
    public int Size => throw new NotImplementedException();

    /// <inheritdoc/>
    public int Classes => throw new NotImplementedException();

    /// <summary>Items of an epoch.</summary>
    public long Count => throw new NotImplementedException();

    /// <inheritdoc/>
    public int Read(long index, Span<float> image) => throw new NotImplementedException();

    /// <summary>Closes the files.</summary>
    public void Dispose() => throw new NotImplementedException();
}
