using System.Globalization;
using System.Text;

namespace L2c.Weights;

/// <summary>Text that comes from files and their names, made safe to print: no character of it controls a terminal or the order of the others.</summary>
/// <remarks>
/// Controls, format characters (marks, overrides and isolates of bidirectional text among them), separators of lines and paragraphs and halves of
/// surrogate pairs become <c>\u001B</c> and the like. Source: the general categories Cc, Cf, Cs, Zl and Zp of Unicode.
/// </remarks>
public static class FileText
{
    private const int MaxShownCharacters = 120;

    /// <summary>A name on one line; past 120 characters an ellipsis.</summary>
    public static string Printable(string name) =>
        name.Length <= MaxShownCharacters ? OneLine(name) : OneLine(name.AsSpan(0, MaxShownCharacters).ToString()) + '…';

    /// <summary>Text of any length on one line.</summary>
    public static string OneLine(string text) => Escape(text, keepLines: false);

    /// <summary>Text of several lines: line feeds stay.</summary>
    internal static string Lines(string text) => Escape(text, keepLines: true);

    private static string Escape(string text, bool keepLines)
    {
        StringBuilder? escaped = null;
        for (int at = 0; at < text.Length;)
        {
            bool whole = Rune.TryGetRuneAt(text, at, out Rune rune);
            int length = whole ? rune.Utf16SequenceLength : 1;
            if (whole && (IsSafe(rune) || (keepLines && rune.Value == '\n')))
            {
                escaped?.Append(text, at, length);
            }
            else
            {
                escaped ??= new StringBuilder(text, 0, at, text.Length + 16);
                int value = whole ? rune.Value : text[at];
                escaped.Append(value > char.MaxValue ? $"\\U{value:X8}" : $"\\u{value:X4}");
            }

            at += length;
        }

        return escaped?.ToString() ?? text;
    }

    private static bool IsSafe(Rune rune) => (rune.IsAscii && rune.Value is >= ' ' and < 0x7F) || Rune.GetUnicodeCategory(rune) is not
        (UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator);
}
