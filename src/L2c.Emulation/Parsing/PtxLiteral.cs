using System.Globalization;
using System.Numerics;

namespace L2c.Emulation.Parsing;

/// <summary>Literals: <c>17</c>, <c>-1</c>, <c>0x1F</c>, <c>017</c>, <c>0b11</c>, <c>3U</c>, <c>0f3F800000</c>, <c>0d3FF0000000000000</c>,
/// <c>1.5</c>.</summary>
internal static class PtxLiteral
{
    public static bool IsFloat(string text)
    {
        string digits = text.TrimStart('-');
        return IsPrefixed(digits, 'f') || IsPrefixed(digits, 'd') || (!IsPrefixed(digits, 'x') && digits.AsSpan().ContainsAny('.', 'e', 'E'));
    }

    /// <summary>A 64-bit value; an unsigned one keeps its bits.</summary>
    public static long Integer(string text, int line)
    {
        bool negative = text.StartsWith('-');
        string digits = text.TrimStart('-').TrimEnd('U');
        BigInteger value = 0;
        int radix = IsPrefixed(digits, 'x') ? 16 : IsPrefixed(digits, 'b') ? 2 : digits.Length > 1 && digits[0] == '0' ? 8 : 10;
        string body = radix is 16 or 2 ? digits[2..] : digits;
        foreach (char c in body)
        {
            int digit = char.IsAsciiHexDigit(c) ? Convert.ToInt32(c.ToString(), 16) : radix;
            value = digit < radix ? (value * radix) + digit : throw new PtxSyntaxException(line, $"'{text}' is not a whole number");
        }

        return body.Length > 0 && value <= ulong.MaxValue
            ? negative ? -unchecked((long)(ulong)value) : unchecked((long)(ulong)value)
            : throw new PtxSyntaxException(line, $"'{text}' is not a whole number of 64 bits");
    }

    /// <summary>The bits of a literal in a register of 32 or 64 bits that holds a float.</summary>
    public static ulong FloatBits(string text, int bits, int line)
    {
        bool negative = text.StartsWith('-');
        string digits = text.TrimStart('-');
        double value;
        if (IsPrefixed(digits, 'f') && digits.Length == 10)
        {
            uint single = uint.Parse(digits.AsSpan(2), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
            if (bits == 32)
            {
                return negative ? single ^ 0x80000000u : single;
            }

            value = BitConverter.UInt32BitsToSingle(single);
        }
        else if (IsPrefixed(digits, 'd') && digits.Length == 18)
        {
            value = BitConverter.UInt64BitsToDouble(ulong.Parse(digits.AsSpan(2), NumberStyles.HexNumber, CultureInfo.InvariantCulture));
        }
        else if (!double.TryParse(digits, NumberStyles.Float, CultureInfo.InvariantCulture, out value))
        {
            throw new PtxSyntaxException(line, $"'{text}' is not a number");
        }

        value = negative ? -value : value;
        return bits == 32 ? BitConverter.SingleToUInt32Bits((float)value) : BitConverter.DoubleToUInt64Bits(value);
    }

    private static bool IsPrefixed(string text, char letter) =>
        text.Length > 2 && text[0] == '0' && char.ToLowerInvariant(text[1]) == letter;
}
