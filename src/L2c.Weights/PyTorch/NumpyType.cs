using System.Buffers.Binary;

namespace L2c.Weights.PyTorch;

/// <summary>A dtype of NumPy inside a pickle, and the numbers of such a type.</summary>
/// <param name="Code">Kind and bytes, as <c>f8</c>.</param>
internal sealed record NumpyType(string Code)
{
    /// <summary>"&lt;", "&gt;", "=" or "|"; set after the type is made.</summary>
    public string ByteOrder { get; set; } = "=";

    /// <summary>The number, as the pickle's own are: long, double or bool. Of other kinds and orders, and beyond a long, a value that is left out.</summary>
    public object Read(PickleBytes bytes) => ByteOrder != ">" && bytes.Content is { } content && int.TryParse(Code.AsSpan(1), out int size) && size == content.Length
        ? Read(content)
        : PickleOther.Value;

    private object Read(ReadOnlySpan<byte> bytes) => Code switch
    {
        "f8" => BinaryPrimitives.ReadDoubleLittleEndian(bytes),
        "f4" => (double)BinaryPrimitives.ReadSingleLittleEndian(bytes),
        "f2" => (double)BinaryPrimitives.ReadHalfLittleEndian(bytes),
        "i8" => BinaryPrimitives.ReadInt64LittleEndian(bytes),
        "i4" => (long)BinaryPrimitives.ReadInt32LittleEndian(bytes),
        "i2" => (long)BinaryPrimitives.ReadInt16LittleEndian(bytes),
        "i1" => (long)(sbyte)bytes[0],
        "u8" when BinaryPrimitives.ReadUInt64LittleEndian(bytes) is var value and <= long.MaxValue => (long)value,
        "u4" => (long)BinaryPrimitives.ReadUInt32LittleEndian(bytes),
        "u2" => (long)BinaryPrimitives.ReadUInt16LittleEndian(bytes),
        "u1" => (long)bytes[0],
        "b1" => bytes[0] != 0,
        _ => PickleOther.Value,
    };
}
