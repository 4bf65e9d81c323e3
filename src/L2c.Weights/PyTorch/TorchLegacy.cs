using System.Buffers.Binary;

namespace L2c.Weights.PyTorch;

/// <summary>
/// The form before PyTorch 1.6: pickles of a magic number, the protocol version, system facts, the value and the storage keys,
/// then for each key its element count (64 bits) and elements. It has no checksums.
/// </summary>
internal sealed class TorchLegacy : TorchContainer
{
    private const long ProtocolVersion = 1001;

    private readonly Dictionary<TorchStorage, long> _offsets = new(ReferenceEqualityComparer.Instance);

    /// <summary>Reads the pickles and finds the storages; their elements are not read.</summary>
    /// <exception cref="MalformedFileException">The file is broken or refused.</exception>
    public TorchLegacy(ByteSource source)
        : base(source)
    {
        // A pickle of its own: a protocol of 2 to 5, from 4 on a frame, and a long integer.
        ReadOnlySpan<byte> magic = [0x8A, 10, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19, (byte)'.'];
        Span<byte> head = stackalloc byte[magic.Length];
        source.ReadExactly(0, head[..3]);
        int start = head[2] == PickleOpcode.Frame ? 2 + 1 + sizeof(long) : 2;
        source.ReadExactly(start, head);
        PickleInput input = new(source, start + magic.Length);
        Dictionary<string, TorchStorage> none = [];
        if (!head.SequenceEqual(magic) || PickleInterpreter.Run(input, none) is not ProtocolVersion)
        {
            throw input.Broken("it starts like a file of torch.save but with another magic number or version");
        }

        if (PickleInterpreter.Run(input, none) is not PickleDict system || !system.TryGet("little_endian", out object? little) || little is not true)
        {
            throw new MalformedFileException(source.Path, "the storages are not little-endian; save the file again on a little-endian machine");
        }

        object? value = PickleInterpreter.Run(input, Storages);
        if (none.Count > 0 || PickleInterpreter.Run(input, none) is not PickleList keys)
        {
            throw input.Broken("the list of storages is missing");
        }

        LocateStorages(input, keys.Items);
        Values = StateDict.Flatten(source.Path, value, Storages.Values, input.Work);
    }

    public override string Format => "pytorch-legacy";

    public override StateDict Values { get; }

    public override void ReadStorage(TorchStorage storage, long offset, Span<byte> destination) =>
        Source.ReadExactly(_offsets[storage] + offset, destination);

    private void LocateStorages(PickleInput input, List<object?> keys)
    {
        long at = input.Position;
        Span<byte> count = stackalloc byte[sizeof(long)];
        foreach (object? item in keys)
        {
            if (item is not string key || !Storages.TryGetValue(key, out TorchStorage? storage) || _offsets.ContainsKey(storage))
            {
                throw input.Broken("the list of storages names one twice, or one that no tensor uses");
            }

            Source.ReadExactly(at, count);
            if (BinaryPrimitives.ReadInt64LittleEndian(count) != storage.Count)
            {
                long stated = BinaryPrimitives.ReadInt64LittleEndian(count);
                throw input.Broken($"storage {FileText.Printable(key)} has {stated} elements instead of {storage.Count}");
            }

            at += sizeof(long);
            if (storage.Bytes > Source.Length - at)
            {
                throw input.Broken($"storage {FileText.Printable(key)} goes past the end of the file");
            }

            _offsets.Add(storage, at);
            at += storage.Bytes;
        }

        if (_offsets.Count != Storages.Count || at != Source.Length)
        {
            throw input.Broken($"{Storages.Count - _offsets.Count} storages are missing, {Source.Length - at} bytes are left over");
        }
    }
}
