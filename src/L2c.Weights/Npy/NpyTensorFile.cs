namespace L2c.Weights.Npy;

/// <summary>NumPy's npy format, opened for reading: one array, little-endian, C order.</summary>
/// <remarks>Objects, structures and text are refused, so nothing in the file can act. Reading is safe for several threads at once.</remarks>
public sealed class NpyTensorFile : TensorFile
{
    /// <summary>The name under which the only tensor is found: the format has none.</summary>
    public const string Name = "array";

    private readonly ByteSource _source;
    private readonly long _dataOffset;
    private readonly TensorIndex<long> _index;

    /// <summary>Reads and checks the header.</summary>
    /// <param name="source">The file's bytes; the new object owns them once it is made.</param>
    /// <exception cref="MalformedFileException">The header breaks a rule of the format, or asks for what is refused.</exception>
    public NpyTensorFile(ByteSource source)
    {
        _source = source;
        NpyHeader header = NpyHeader.ReadInOrder(source);
        _dataOffset = header.DataOffset;
        _index = new TensorIndex<long>([(header.Array, 0)]);
    }

    /// <inheritdoc/>
    public override string Path => _source.Path;

    /// <inheritdoc/>
    public override string Format => "npy";

    /// <inheritdoc/>
    public override IReadOnlyList<TensorInfo> Tensors => _index.Tensors;

    /// <inheritdoc/>
    public override IReadOnlyDictionary<string, string> Metadata { get; } = new Dictionary<string, string>();

    /// <inheritdoc/>
    public override TensorInfo? Find(string name) => _index.Find(name);

    /// <inheritdoc/>
    public override void ReadBytes(TensorInfo tensor, long firstElement, Span<byte> destination)
    {
        _ = _index.Locate(tensor, firstElement, destination.Length);
        _source.ReadExactly(_dataOffset + (firstElement * tensor.Type.Size()), destination);
        TensorIndex<long>.CheckBooleans(tensor, destination, Path);
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing) => _source.Dispose();
}
