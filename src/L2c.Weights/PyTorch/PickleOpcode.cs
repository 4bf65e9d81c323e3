namespace L2c.Weights.PyTorch;

/// <summary>The opcodes of pickle protocol 2 that PyTorch writes; the only ones that are interpreted.</summary>
/// <remarks>Source: CPython's pickletools, which documents every opcode.</remarks>
internal static class PickleOpcode
{
    public const byte Mark = (byte)'(', Stop = (byte)'.', None = (byte)'N', Reduce = (byte)'R', Build = (byte)'b', Global = (byte)'c';
    public const byte BinInt = (byte)'J', BinInt1 = (byte)'K', BinInt2 = (byte)'M', BinFloat = (byte)'G', BinUnicode = (byte)'X';
    public const byte EmptyDict = (byte)'}', EmptyList = (byte)']', EmptyTuple = (byte)')', Tuple = (byte)'t';
    public const byte Append = (byte)'a', Appends = (byte)'e', SetItem = (byte)'s', SetItems = (byte)'u', BinPersId = (byte)'Q';
    public const byte BinGet = (byte)'h', LongBinGet = (byte)'j', BinPut = (byte)'q', LongBinPut = (byte)'r';
    public const byte Proto = 0x80, NewObj = 0x81, Tuple1 = 0x85, Tuple2 = 0x86, Tuple3 = 0x87, NewTrue = 0x88, NewFalse = 0x89, Long1 = 0x8A;

    /// <summary>Name of a refused opcode as pickletools prints it, or its number.</summary>
    public static string Name(byte opcode) => opcode switch
    {
        (byte)'0' => "POP",
        (byte)'1' => "POP_MARK",
        (byte)'2' => "DUP",
        (byte)'F' => "FLOAT",
        (byte)'I' => "INT",
        (byte)'L' => "LONG",
        (byte)'P' => "PERSID",
        (byte)'S' => "STRING",
        (byte)'T' => "BINSTRING",
        (byte)'U' => "SHORT_BINSTRING",
        (byte)'V' => "UNICODE",
        (byte)'d' => "DICT",
        (byte)'g' => "GET",
        (byte)'i' => "INST",
        (byte)'l' => "LIST",
        (byte)'o' => "OBJ",
        (byte)'p' => "PUT",
        (byte)'B' => "BINBYTES",
        (byte)'C' => "SHORT_BINBYTES",
        0x82 => "EXT1",
        0x83 => "EXT2",
        0x84 => "EXT4",
        0x8B => "LONG4",
        0x8C => "SHORT_BINUNICODE",
        0x8D => "BINUNICODE8",
        0x8E => "BINBYTES8",
        0x8F => "EMPTY_SET",
        0x90 => "ADDITEMS",
        0x91 => "FROZENSET",
        0x92 => "NEWOBJ_EX",
        0x93 => "STACK_GLOBAL",
        0x94 => "MEMOIZE",
        0x95 => "FRAME",
        0x96 => "BYTEARRAY8",
        0x97 => "NEXT_BUFFER",
        0x98 => "READONLY_BUFFER",
        _ => $"0x{opcode:X2}",
    };
}
