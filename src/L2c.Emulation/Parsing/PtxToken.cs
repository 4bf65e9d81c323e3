namespace L2c.Emulation.Parsing;

internal enum PtxTokenKind
{
    /// <summary>A name, an opcode or a directive, dots and all: <c>%tid.x</c>, <c>ld.global.f32</c>, <c>.reg</c>.</summary>
    Word,
    Number,
    Text,
    Punctuation,
    End,
}

internal readonly record struct PtxToken(PtxTokenKind Kind, string Text, int Line)
{
    public bool Is(string text) => Kind is PtxTokenKind.Punctuation or PtxTokenKind.Word && Text == text;
}
