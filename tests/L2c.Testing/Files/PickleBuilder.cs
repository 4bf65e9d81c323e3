using System.Buffers.Binary;
using System.Text;

namespace L2c.Testing.Files;

/// <summary>Writes pickles byte by byte, well-formed or not: each method appends an opcode with its argument, or a group of them.</summary>
public sealed class PickleBuilder
{
    private readonly List<byte> _bytes = [];

    /// <summary>Starts a pickle of protocol 2.</summary>
    public PickleBuilder() => _ = Raw(0x80, 2);

    /// <summary>Appends bytes as they are.</summary>
    public PickleBuilder Raw(params ReadOnlySpan<byte> bytes)
    {
        _bytes.AddRange(bytes);
        return this;
    }

    /// <summary>Appends opcodes that are letters.</summary>
    public PickleBuilder Op(string letters) => Raw(Encoding.Latin1.GetBytes(letters));

    /// <summary>GLOBAL.</summary>
    public PickleBuilder Global(string module, string name) => Op("c").Raw(Encoding.UTF8.GetBytes($"{module}\n{name}\n"));

    /// <summary>BINUNICODE.</summary>
    public PickleBuilder Text(string text)
    {
        byte[] utf8 = Encoding.UTF8.GetBytes(text);
        return Op("X").Int32(utf8.Length).Raw(utf8);
    }

    /// <summary>LONG1 of eight bytes.</summary>
    public PickleBuilder Int(long value)
    {
        Span<byte> bytes = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, value);
        return Raw(0x8A, sizeof(long)).Raw(bytes);
    }

    /// <summary>BINFLOAT.</summary>
    public PickleBuilder Float(double value)
    {
        Span<byte> bytes = stackalloc byte[sizeof(double)];
        BinaryPrimitives.WriteDoubleBigEndian(bytes, value);
        return Op("G").Raw(bytes);
    }

    /// <summary>Four bytes, little-endian, as the argument of an opcode.</summary>
    public PickleBuilder Int32(int value)
    {
        Span<byte> bytes = stackalloc byte[sizeof(int)];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, value);
        return Raw(bytes);
    }

    /// <summary>A tuple of integers.</summary>
    public PickleBuilder Ints(params ReadOnlySpan<long> values)
    {
        _ = Op("(");
        foreach (long value in values)
        {
            _ = Int(value);
        }

        return Op("t");
    }

    /// <summary>A persistent id of a storage, as <c>torch.FloatStorage</c>.</summary>
    public PickleBuilder Storage(string key, string type, long count, bool legacy = false) =>
        Op("(").Text("storage").Global("torch", type).Text(key).Text("cpu").Int(count).Op(legacy ? "NtQ" : "tQ");

    /// <summary>A call of _rebuild_tensor_v2.</summary>
    public PickleBuilder Tensor(
        string key, string type, long count, long offset, ReadOnlySpan<long> size, ReadOnlySpan<long> stride, bool legacy = false) =>
        Global("torch._utils", "_rebuild_tensor_v2").Op("(").Storage(key, type, count, legacy).Int(offset).Ints(size).Ints(stride)
            .Raw(0x89).Global("collections", "OrderedDict").Op(")RtR");

    /// <summary>A call of _rebuild_tensor_v3: a storage of bytes, and the dtype beside it.</summary>
    public PickleBuilder TensorOfType(string key, long bytes, string dtype, long offset, ReadOnlySpan<long> size, ReadOnlySpan<long> stride) =>
        Global("torch._utils", "_rebuild_tensor_v3").Op("(").Op("(").Text("storage").Global("torch.storage", "UntypedStorage").Text(key).Text("cpu")
            .Int(bytes).Op("tQ").Int(offset).Ints(size).Ints(stride).Raw(0x89).Global("collections", "OrderedDict").Op(")R").Global("torch", dtype).Op("tR");

    /// <summary>The pickle so far, with STOP.</summary>
    public byte[] Stop() => [.. _bytes, (byte)'.'];

    /// <summary>The pickle so far, without STOP.</summary>
    public byte[] Unfinished() => [.. _bytes];
}
