namespace L2c.Testing.Tests;

public sealed class RandomDataTests
{
    [Fact]
    public void A_seed_names_its_values()
    {
        Assert.Equal(RandomData.Normal(seed: 5, 100), RandomData.Normal(seed: 5, 100));
        Assert.NotEqual(RandomData.Normal(seed: 5, 100), RandomData.Normal(seed: 6, 100));
        Assert.Equal(RandomData.Integers(seed: 5, 9, 10), RandomData.Integers(seed: 5, 9, 10));
    }

    [Fact]
    public void Normal_values_have_the_asked_mean_and_deviation()
    {
        float[] values = RandomData.Normal(seed: 7, 40_000, deviation: 3, mean: -2);
        double mean = values.Average(v => (double)v), variance = values.Average(v => (v - mean) * (v - mean));
        Assert.Equal(-2, mean, 0.06); // four standard errors
        Assert.Equal(3, Math.Sqrt(variance), 0.05);
    }

    [Fact]
    public void Integers_cover_the_range()
    {
        int[] values = RandomData.Integers(seed: 8, 1000, 7);
        Assert.Equal([0, 1, 2, 3, 4, 5, 6], values.Distinct().Order());
    }
}
