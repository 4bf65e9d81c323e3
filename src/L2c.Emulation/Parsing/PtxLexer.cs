namespace L2c.Emulation.Parsing;

/// <summary>PTX text to tokens. Comments vanish; every token knows its line.</summary>
internal static class PtxLexer
{
    public static List<PtxToken> Split(string text)
    {
        List<PtxToken> tokens = [];
        int line = 1;
        int at = 0;
        while (at < text.Length)
        {
            char c = text[at];
            if (c == '\n')
            {
                line++;
                at++;
            }
            else if (char.IsWhiteSpace(c) || c == '\0')
            {
                at++;
            }
            else if (text.AsSpan(at).StartsWith("//"))
            {
                int end = text.IndexOf('\n', at);
                at = end < 0 ? text.Length : end;
            }
            else if (text.AsSpan(at).StartsWith("/*"))
            {
                int end = text.IndexOf("*/", at + 2, StringComparison.Ordinal);
                end = end < 0 ? throw new PtxSyntaxException(line, "a comment has no end") : end + 2;
                line += text.AsSpan(at, end - at).Count('\n');
                at = end;
            }
            else
            {
                int length = Measure(text, at, line, out PtxTokenKind kind);
                tokens.Add(new PtxToken(kind, text.Substring(at, length), line));
                at += length;
            }
        }

        tokens.Add(new PtxToken(PtxTokenKind.End, "end of text", line));
        return tokens;
    }

    private static int Measure(string text, int start, int line, out PtxTokenKind kind)
    {
        char first = text[start];
        int end = start + 1;
        if (char.IsAsciiDigit(first))
        {
            kind = PtxTokenKind.Number;
            bool hexadecimal = first == '0' && end < text.Length && char.ToLowerInvariant(text[end]) is 'x' or 'f' or 'd';
            while (end < text.Length && (char.IsAsciiLetterOrDigit(text[end]) || text[end] == '.' || IsExponentSign(text, end, hexadecimal)))
            {
                end++;
            }
        }
        else if (IsWordStart(first))
        {
            kind = PtxTokenKind.Word;
            while (end < text.Length && (IsWordPart(text[end]) || IsDoubleColon(text, end)))
            {
                end += text[end] == ':' ? 2 : 1;
            }
        }
        else if (first == '"')
        {
            kind = PtxTokenKind.Text;
            end = text.IndexOf('"', end) + 1;
            if (end == 0)
            {
                throw new PtxSyntaxException(line, "a string has no end");
            }
        }
        else if ("{}()[]<>,;:@!|+-=".Contains(first))
        {
            kind = PtxTokenKind.Punctuation;
        }
        else
        {
            throw new PtxSyntaxException(line, $"'{first}' does not belong into PTX");
        }

        return end - start;
    }

    private static bool IsWordStart(char c) => char.IsAsciiLetter(c) || c is '_' or '$' or '%' or '.';

    private static bool IsWordPart(char c) => char.IsAsciiLetterOrDigit(c) || c is '_' or '$' or '.' or '%';

    // Cache hints are spelled .L1::no_allocate; a label's single colon is punctuation.
    private static bool IsDoubleColon(string text, int at) =>
        text[at] == ':' && at + 2 < text.Length && text[at + 1] == ':' && char.IsAsciiLetterOrDigit(text[at + 2]);

    private static bool IsExponentSign(string text, int at, bool hexadecimal) =>
        !hexadecimal && text[at] is '+' or '-' && text[at - 1] is 'e' or 'E';
}
