using System.Buffers.Binary;

namespace L2c.Weights.Safetensors;

/// <summary>A safetensors file: eight bytes of header length, a JSON header, then the tensors' bytes without gaps.</summary>
/// <remarks>Source: the format section of the safetensors README. Reading is safe for several threads at once.</remarks>
public sealed class SafetensorsFile : TensorFile
{
    /// <summary>The member of the header that holds text instead of a tensor.</summary>
    internal const string MetadataName = "__metadata__";

    private readonly ByteSource _source;
    private readonly long _bufferStart;
    private readonly TensorIndex<long> _index;

    /// <summary>Reads and checks the header.</summary>
    /// <param name="source">The file's bytes; the new object owns them once it is made.</param>
    /// <exception cref="MalformedFileException">The header breaks a rule of the format.</exception>
    public SafetensorsFile(ByteSource source)
    {
        _source = source;
        Span<byte> prefix = stackalloc byte[sizeof(ulong)];
        source.ReadExactly(0, prefix);
        ulong headerBytes = BinaryPrimitives.ReadUInt64LittleEndian(prefix);
        if (headerBytes > ReadLimits.SafetensorsHeaderBytes)
        {
            throw new MalformedFileException(
                source.Path, $"the header of {headerBytes} bytes is longer than {ReadLimits.SafetensorsHeaderBytes}; the file is damaged or not safetensors, fetch or convert it again");
        }

        _bufferStart = sizeof(ulong) + (long)headerBytes;
        if (_bufferStart > source.Length)
        {
            throw new MalformedFileException(
                source.Path, $"the header of {headerBytes} bytes goes past the end of the file; the copy is incomplete, fetch it again");
        }

        byte[] json = new byte[headerBytes];
        source.ReadExactly(sizeof(ulong), json);
        SafetensorsHeader header = SafetensorsHeader.Parse(source.Path, json, source.Length - _bufferStart);
        Metadata = header.Metadata;
        _index = new TensorIndex<long>(header.Tensors);
    }

    /// <summary>What JSON allows between its words.</summary>
    internal static ReadOnlySpan<byte> WhiteSpace => " \t\r\n"u8;

    /// <inheritdoc/>
    public override string Path => _source.Path;

    /// <inheritdoc/>
    public override string Format => "safetensors";

    /// <inheritdoc/>
    public override IReadOnlyList<TensorInfo> Tensors => _index.Tensors;

    /// <inheritdoc/>
    public override IReadOnlyDictionary<string, string> Metadata { get; }

    /// <inheritdoc/>
    public override TensorInfo? Find(string name) => _index.Find(name);

    /// <inheritdoc/>
    public override void ReadBytes(TensorInfo tensor, long firstElement, Span<byte> destination)
    {
        long offset = _index.Locate(tensor, firstElement, destination.Length);
        _source.ReadExactly(_bufferStart + offset + (firstElement * tensor.Type.Size()), destination);
        TensorIndex<long>.CheckBooleans(tensor, destination, Path);
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing) => _source.Dispose();
}
