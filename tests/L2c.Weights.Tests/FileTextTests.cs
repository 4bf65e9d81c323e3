using System.Globalization;
using System.Text;

namespace L2c.Weights.Tests;

public class FileTextTests
{
    [Theory]
    [InlineData("blocks.0.attn.qkv", "blocks.0.attn.qkv")]
    [InlineData("Köy 例 🙂", "Köy 例 🙂")]
    [InlineData("a\u001b[2Jb", "a\\u001B[2Jb")]
    [InlineData("a\nb\rc\td\u007f\u009b", "a\\u000Ab\\u000Dc\\u0009d\\u007F\\u009B")]
    [InlineData("\u2066x\u2069 \u2067 \u2068", "\\u2066x\\u2069 \\u2067 \\u2068")] // isolates
    [InlineData("\u202Aa\u202E \u200E\u200F\u061C", "\\u202Aa\\u202E \\u200E\\u200F\\u061C")] // embeddings, overrides, marks
    [InlineData("\u2028\u2029\uFEFF", "\\u2028\\u2029\\uFEFF")]
    [InlineData("\U000E0041", "\\U000E0041")] // a tag, invisible
    public void What_could_control_a_terminal_is_spelt_out(string text, string expected)
    {
        Assert.Equal(expected, FileText.OneLine(text));
        Assert.Equal(expected, FileText.Printable(text));
    }

    [Fact]
    public void Halves_of_a_pair_are_spelt_out() => Assert.Equal("\\uD800x\\uDC00", FileText.OneLine("\uD800x\uDC00"));

    [Fact]
    public void A_name_is_cut_and_a_text_is_not()
    {
        string text = new('x', 200);
        Assert.Equal(new string('x', 120) + '…', FileText.Printable(text));
        Assert.Equal(text, FileText.OneLine(text));
    }

    [Fact]
    public void No_character_of_a_category_that_controls_passes_a_writer_but_the_line_feed()
    {
        StringBuilder all = new();
        for (int value = 0; value <= 0x10FFFF; value++)
        {
            _ = value is < 0xD800 or > 0xDFFF ? all.Append(char.ConvertFromUtf32(value)) : all.Append((char)value);
        }

        StringWriter written = new();
        PrintableWriter writer = PrintableWriter.Over(written);
        writer.Write(all.ToString());
        writer.WriteLine(all.ToString());
        writer.Write(all.ToString().AsSpan());
        writer.Write(all.ToString().ToCharArray(), 0, 100);
        writer.Write('\u001b');
        Assert.Same(writer, PrintableWriter.Over(writer));

        UnicodeCategory[] controlling =
        [
            UnicodeCategory.Control, UnicodeCategory.Format, UnicodeCategory.Surrogate, UnicodeCategory.LineSeparator, UnicodeCategory.ParagraphSeparator,
        ];
        Assert.DoesNotContain(written.ToString().EnumerateRunes(), rune => rune.Value != '\n' && controlling.Contains(Rune.GetUnicodeCategory(rune)));
        Assert.Contains("🙂", written.ToString(), StringComparison.Ordinal);
    }
}
