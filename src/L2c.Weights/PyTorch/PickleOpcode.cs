namespace L2c.Weights.PyTorch;

/// <summary>The opcodes of the pickle protocols 2 to 5 that PyTorch writes; the only ones that are interpreted.</summary>
/// <remarks>Source: CPython's pickletools, which documents every opcode.</remarks>
internal static class PickleOpcode
{
    public const byte Mark = (byte)'(', Stop = (byte)'.', None = (byte)'N', Reduce = (byte)'R', Build = (byte)'b', Global = (byte)'c';
    public const byte BinInt = (byte)'J', BinInt1 = (byte)'K', BinInt2 = (byte)'M', BinFloat = (byte)'G', BinUnicode = (byte)'X';
    public const byte EmptyDict = (byte)'}', EmptyList = (byte)']', EmptyTuple = (byte)')', Tuple = (byte)'t';
    public const byte Append = (byte)'a', Appends = (byte)'e', SetItem = (byte)'s', SetItems = (byte)'u', BinPersId = (byte)'Q';
    public const byte BinGet = (byte)'h', LongBinGet = (byte)'j', BinPut = (byte)'q', LongBinPut = (byte)'r';
    public const byte Proto = 0x80, NewObj = 0x81, Tuple1 = 0x85, Tuple2 = 0x86, Tuple3 = 0x87, NewTrue = 0x88, NewFalse = 0x89, Long1 = 0x8A;
    public const byte Long4 = 0x8B, ShortBinUnicode = 0x8C, BinUnicode8 = 0x8D, BinBytes8 = 0x8E, EmptySet = 0x8F, AddItems = 0x90, FrozenSet = 0x91;
    public const byte StackGlobal = 0x93, Memoize = 0x94, Frame = 0x95, ByteArray8 = 0x96, BinBytes = (byte)'B', ShortBinBytes = (byte)'C';

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
        0x82 => "EXT1",
        0x83 => "EXT2",
        0x84 => "EXT4",
        0x92 => "NEWOBJ_EX",
        0x97 => "NEXT_BUFFER",
        0x98 => "READONLY_BUFFER",
        _ => $"0x{opcode:X2}",
    };
}
