namespace L2c.Engine.Tests;

public sealed class PictureTextTests
{
    [Theory]
    [InlineData("short")]
    [InlineData("a line of several words that has no room in two hundred pixels and one_word_that_is_far_too_long_for_any_line")]
    [InlineData("")]
    [InlineData("mmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmm")]
    [InlineData("\U0001F600\U0001F600\U0001F600\U0001F600\U0001F600\U0001F600\U0001F600\U0001F600\U0001F600\U0001F600\U0001F600\U0001F600")]
    public void Wrapped_lines_have_room_and_keep_every_word(string text)
    {
        IReadOnlyList<string> lines = PictureText.Wrap(text, PictureText.Body, 200);
        Assert.All(lines, line => Assert.InRange(PictureText.Body.MeasureText(line), 0, 200));
        Assert.Equal(Words(text), Words(string.Join(' ', lines)));
        Assert.All(lines, line => Assert.True(line.Length < 2 || !char.IsHighSurrogate(line[^2]) || char.IsLowSurrogate(line[^1]), line));

        static int Words(string text) => text.Split(' ', StringSplitOptions.RemoveEmptyEntries).Length;
    }

    [Fact]
    public void The_licence_of_the_font_lies_beside_the_program()
    {
        string text = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "licences", "LICENSE-DejaVuSans.txt"));
        Assert.Contains("Copyright (c) 2003 by Bitstream, Inc.", text, StringComparison.Ordinal);
        Assert.Contains("Copyright (c) 2006 by Tavmjong Bah", text, StringComparison.Ordinal);
    }
}
