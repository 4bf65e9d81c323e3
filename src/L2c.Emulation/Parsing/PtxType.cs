namespace L2c.Emulation.Parsing;

/// <summary>The names of PTX's types.</summary>
internal static class PtxType
{
    /// <summary>Bits of a register of a type; a predicate has one.</summary>
    public static int Bits(string type, int line) => type.TrimStart('.') switch
    {
        "pred" => 1,
        "b8" or "u8" or "s8" => 8,
        "b16" or "u16" or "s16" or "f16" or "bf16" => 16,
        "b32" or "u32" or "s32" or "f32" or "f16x2" or "bf16x2" or "tf32" => 32,
        "b64" or "u64" or "s64" or "f64" => 64,
        _ => throw new PtxSyntaxException(line, $"unknown type {type}"),
    };

    /// <summary>Bytes of a variable of a type.</summary>
    public static int Bytes(string type, int line) => Bits(type, line) is int bits && bits >= 8
        ? bits / 8
        : throw new PtxSyntaxException(line, $"a variable cannot be {type}");
}
