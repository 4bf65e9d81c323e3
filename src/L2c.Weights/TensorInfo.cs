namespace L2c.Weights;

/// <summary>Name, element type and shape of one stored tensor. Elements are row-major and contiguous when read.</summary>
/// <param name="Name">Name in the file, unique in it.</param>
/// <param name="Type">Element type as stored.</param>
/// <param name="Shape">Extent per axis, outermost first; empty for a scalar.</param>
public sealed record TensorInfo(string Name, TensorType Type, long[] Shape)
{
    /// <summary>Number of elements: the product of <see cref="Shape"/>, 1 for a scalar. Readers have checked that it does not overflow.</summary>
    public long Count
    {
        get
        {
            long count = 1;
            foreach (long extent in Shape)
            {
                count = checked(count * extent);
            }

            return count;
        }
    }

    /// <summary>Bytes of the tensor's elements, contiguous.</summary>
    public long Bytes => checked(Count * Type.Size());

    /// <summary>For messages: <c>blocks.0.attn.qkv.weight F32 [3456, 1152]</c>, one printable line whatever the name.</summary>
    public override string ToString() => $"{FileText.Printable(Name)} {Type.Label()} [{string.Join(", ", Shape)}]";
}

/// <summary>What each <see cref="TensorType"/> is called and how large it is.</summary>
public static class TensorTypes
{
    /// <summary>Bytes per element.</summary>
    public static int Size(this TensorType type) => type switch
    {
        TensorType.F64 or TensorType.I64 or TensorType.U64 => 8,
        TensorType.F32 or TensorType.I32 or TensorType.U32 => 4,
        TensorType.F16 or TensorType.BF16 or TensorType.I16 or TensorType.U16 => 2,
        TensorType.U8 or TensorType.I8 or TensorType.Bool => 1,
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, null),
    };

    /// <summary>The name safetensors uses: F64 F32 F16 BF16 I64 I32 I16 I8 U64 U32 U16 U8 BOOL.</summary>
    public static string Label(this TensorType type) => type == TensorType.Bool ? "BOOL" : type.ToString();
}
