using System.Text;

namespace L2c.Weights;

/// <summary>Names that come out of files, made safe to print: one line, no terminal control sequences, bounded length.</summary>
public static class FileText
{
    private const int MaxShownCharacters = 120;

    /// <summary>The name with control characters as <c>\u001B</c> and, past 120 characters, an ellipsis.</summary>
    public static string Printable(string name)
    {
        bool plain = name.Length <= MaxShownCharacters;
        foreach (char c in name)
        {
            plain &= !IsUnsafe(c);
        }

        if (plain)
        {
            return name;
        }

        StringBuilder text = new();
        foreach (char c in name.AsSpan(0, Math.Min(name.Length, MaxShownCharacters)))
        {
            _ = IsUnsafe(c) ? text.Append($"\\u{(int)c:X4}") : text.Append(c);
        }

        return name.Length > MaxShownCharacters ? text.Append('…').ToString() : text.ToString();
    }

    private static bool IsUnsafe(char c) => char.IsControl(c) || char.IsSurrogate(c) || c is '\u2028' or '\u2029' or (>= '\u202A' and <= '\u202E');
}
