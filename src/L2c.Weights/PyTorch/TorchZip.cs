using System.Globalization;
using L2c.Weights.Zip;

namespace L2c.Weights.PyTorch;

/// <summary>The zip form (PyTorch 1.6 and later): NAME/data.pkl, and each storage as an entry NAME/data/KEY.</summary>
internal sealed class TorchZip : TorchContainer
{
    private const string PickleSuffix = "/data.pkl";

    // kMaxSupportedFileFormatVersion of PyTorch's caffe2/serialize/versions.h
    private const int MaxVersion = 10;

    private readonly ZipReader _zip;
    private readonly Dictionary<TorchStorage, ZipEntry> _entries = new(ReferenceEqualityComparer.Instance);

    /// <summary>Reads directory and pickle; storages are only measured.</summary>
    /// <exception cref="MalformedFileException">The archive or its pickle is broken or refused.</exception>
    public TorchZip(ByteSource source)
        : base(source)
    {
        _zip = new ZipReader(source);
        ZipEntry[] pickles = [.. _zip.Entries.Where(IsPickle)];
        if (pickles is not [ZipEntry pickle])
        {
            throw ZipReader.Broken(source.Path, $"the archive has {pickles.Length} entries NAME/data.pkl instead of one");
        }

        string root = pickle.Name[..^PickleSuffix.Length];
        if (_zip.Find($"{root}/byteorder") is { } order && !_zip.ReadAll(order, 16).AsSpan().SequenceEqual("little"u8))
        {
            throw new MalformedFileException(source.Path, "the storages are not little-endian; save the file again on a little-endian machine");
        }

        if (_zip.Find($"{root}/version") is { } stated && Version(_zip.ReadAll(stated, 16)) is not (>= 1 and <= MaxVersion))
        {
            throw ZipReader.Broken(source.Path, $"its archive has no version from 1 to {MaxVersion}, which is what PyTorch reads");
        }

        byte[] bytes = _zip.ReadAll(pickle, ReadLimits.PickleBytes);
        PickleInput input = new(ByteSource.FromMemory(source.Path, bytes), 0);
        object? value = PickleInterpreter.Run(input, Storages);
        if (input.Position != bytes.Length)
        {
            throw input.Broken($"data.pkl has {bytes.Length - input.Position} bytes after its pickle");
        }

        foreach (TorchStorage storage in Storages.Values)
        {
            ZipEntry entry = _zip.Find($"{root}/data/{storage.Key}")
                ?? throw input.Broken($"storage {FileText.Printable(storage.Key)} is not in the archive");
            _entries[storage] = entry.Size == storage.Bytes
                ? entry
                : throw input.Broken($"storage {FileText.Printable(storage.Key)} has {entry.Size} bytes instead of {storage.Bytes}");
        }

        Values = StateDict.Flatten(source.Path, value, Storages.Values, input.Work);
    }

    public override string Format => "pytorch-zip";

    public override StateDict Values { get; }

    public override void ReadStorage(TorchStorage storage, long offset, Span<byte> destination) => _zip.Read(_entries[storage], offset, destination);

    private static int? Version(ReadOnlySpan<byte> text) =>
        int.TryParse(text.TrimEnd((byte)'\n'), NumberStyles.None, CultureInfo.InvariantCulture, out int version) ? version : null;

    private static bool IsPickle(ZipEntry entry) =>
        entry.Name.EndsWith(PickleSuffix, StringComparison.Ordinal) && entry.Name.IndexOf('/') == entry.Name.Length - PickleSuffix.Length;
}
