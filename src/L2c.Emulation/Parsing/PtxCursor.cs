using System.Globalization;

namespace L2c.Emulation.Parsing;

/// <summary>A place in the tokens.</summary>
internal sealed class PtxCursor(List<PtxToken> tokens)
{
    private int _at;

    public PtxToken Current => tokens[_at];

    public PtxToken Next => tokens[Math.Min(_at + 1, tokens.Count - 1)];

    public PtxToken Take() => Current.Kind == PtxTokenKind.End
        ? throw new PtxSyntaxException(Current.Line, "the text ends in the middle of a statement")
        : tokens[_at++];

    public void Skip(int count)
    {
        for (int i = 0; i < count; i++)
        {
            Take();
        }
    }

    public void SkipLine()
    {
        int line = Current.Line;
        while (Current.Line == line && Current.Kind != PtxTokenKind.End)
        {
            _at++;
        }
    }

    public bool TryTake(string text)
    {
        bool found = Current.Is(text);
        _at += found ? 1 : 0;
        return found;
    }

    public void Expect(string text)
    {
        if (!TryTake(text))
        {
            throw new PtxSyntaxException(Current.Line, $"expected '{text}', found '{Current.Text}'");
        }
    }

    public string Word(string what)
    {
        PtxToken token = Take();
        return token.Kind == PtxTokenKind.Word
            ? token.Text
            : throw new PtxSyntaxException(token.Line, $"expected {what}, found '{token.Text}'");
    }

    public int Integer()
    {
        PtxToken token = Take();
        return int.TryParse(token.Text, NumberStyles.None, CultureInfo.InvariantCulture, out int value)
            ? value
            : throw new PtxSyntaxException(token.Line, $"expected a number, found '{token.Text}'");
    }
}
