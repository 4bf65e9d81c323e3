using System.Buffers.Binary;
using L2c.Weights.Zip;

namespace L2c.Weights.Npy;

/// <summary>NumPy's npz format, opened for reading: a zip archive of npy files, each under the name that <c>numpy.savez</c> gave it.</summary>
/// <remarks>The archive and its checksums are checked as those of <c>torch.save</c> are. Reading is safe for several threads at once.</remarks>
public sealed class NpzFile : TensorFile
{
    private const string Extension = ".npy";

    private readonly ByteSource _source;
    private readonly TensorIndex<NpyTensorFile> _index;

    /// <summary>Reads and checks the directory and the arrays' headers.</summary>
    /// <param name="source">The file's bytes; the new object owns them once it is made.</param>
    /// <exception cref="MalformedFileException">The archive or an array breaks a rule of its format, or asks for what is refused.</exception>
    public NpzFile(ByteSource source)
    {
        _source = source;
        ZipReader zip = new(source);
        List<(TensorInfo, NpyTensorFile)> arrays = [];
        foreach (ZipEntry entry in zip.Entries)
        {
            if (!entry.Name.EndsWith(Extension, StringComparison.Ordinal))
            {
                throw new MalformedFileException(
                    source.Path, $"has an entry {FileText.Printable(entry.Name)}, which is not an array; save it again with numpy.savez");
            }

            NpyTensorFile array = new(zip.Open(entry));
            arrays.Add((array.Tensors[0] with { Name = entry.Name[..^Extension.Length] }, array));
        }

        _index = new TensorIndex<NpyTensorFile>(arrays);
    }

    /// <inheritdoc/>
    public override string Path => _source.Path;

    /// <inheritdoc/>
    public override string Format => "npz";

    /// <inheritdoc/>
    public override IReadOnlyList<TensorInfo> Tensors => _index.Tensors;

    /// <inheritdoc/>
    public override IReadOnlyDictionary<string, string> Metadata { get; } = new Dictionary<string, string>();

    /// <inheritdoc/>
    public override TensorInfo? Find(string name) => _index.Find(name);

    /// <inheritdoc/>
    public override void ReadBytes(TensorInfo tensor, long firstElement, Span<byte> destination)
    {
        NpyTensorFile array = _index.Locate(tensor, firstElement, destination.Length);
        array.ReadBytes(array.Tensors[0], firstElement, destination);
    }

    /// <summary>Whether a zip archive is one of arrays, by the name in its first local header. Says nothing of whether it is whole.</summary>
    internal static bool IsNpz(ByteSource source)
    {
        const int NameLengthOffset = 26, NameOffset = 30;
        byte[] head = new byte[Math.Min(source.Length, NameOffset + ushort.MaxValue)];
        source.ReadExactly(0, head);
        return head.Length > NameOffset
            && head.AsSpan().StartsWith("PK"u8)
            && head.AsSpan(NameOffset) is var rest
            && BinaryPrimitives.ReadUInt16LittleEndian(head.AsSpan(NameLengthOffset)) is var length
            && length <= rest.Length
            && rest[..length].EndsWith(".npy"u8);
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing) => _source.Dispose();
}
