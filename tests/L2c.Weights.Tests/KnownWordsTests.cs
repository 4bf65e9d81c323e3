namespace L2c.Weights.Tests;

public sealed class KnownWordsTests
{
    private static readonly string[] _words = ["ddim", "ddpm", "dpm-solver:1", "dpm-solver++:2m", "--count", "--cfg-scale", "--clip-denoised", "bash"];

    [Theory]
    [InlineData("", "", 0)]
    [InlineData("", "abc", 3)]
    [InlineData("abc", "abc", 0)]
    [InlineData("abc", "acb", 1)] // a swap is one
    [InlineData("abc", "axc", 1)]
    [InlineData("abc", "ac", 1)]
    [InlineData("ca", "abc", 3)] // no letter is touched twice
    [InlineData("kitten", "sitting", 3)]
    public void Distances_count_letters_inserted_deleted_changed_or_swapped(string a, string b, int distance)
    {
        Assert.Equal(distance, KnownWords.Distance(a, b));
        Assert.Equal(distance, KnownWords.Distance(b, a));
    }

    [Theory]
    [InlineData("dimm", "ddim")]
    [InlineData("DDIN", "ddim")]
    [InlineData("--cuont", "--count")]
    [InlineData("--cfg_scale", "--cfg-scale")]
    [InlineData("--clip", "--clip-denoised")] // a part of one word alone
    [InlineData("--denoised", "--clip-denoised")]
    [InlineData("--solver", null)] // a part of two
    [InlineData("--c", null)]
    [InlineData("dpm", "ddpm")]
    [InlineData("dpm-solve", "dpm-solver:1")]
    [InlineData("fish", null)] // two letters from bash, and the first one is another
    [InlineData("euler", null)]
    [InlineData("", null)]
    [InlineData("-", null)]
    [InlineData("x", null)]
    public void The_nearest_word_is_found_only_when_it_is_near(string word, string? nearest)
    {
        Assert.Equal(nearest, KnownWords.Nearest(word, _words));
        Assert.Equal(nearest is null ? "" : $"; did you mean {nearest}?", KnownWords.DidYouMean(word, _words));
    }

    [Fact]
    public void Words_are_found_in_any_case_as_they_are_spelt()
    {
        Assert.Equal("dpm-solver++:2m", KnownWords.Find("DPM-Solver++:2M", _words));
        Assert.Null(KnownWords.Find("dpm-solver", _words));
    }
}
