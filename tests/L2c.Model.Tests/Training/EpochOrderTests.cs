using L2c.Model.Training.Data;

namespace L2c.Model.Tests.Training;

public class EpochOrderTests
{
    // Checkpoints tell their position in the data by a number only, so this must not change.
    private const string FirstOfSeed0 = "0 1 2 8 5 6 9 3 4 7 9 8 1 6 0 5 3 4 7 2";

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(64)]
    [InlineData(65)]
    [InlineData(1000)]
    [InlineData(4097)]
    public void Every_epoch_has_every_item_once(int count)
    {
        EpochOrder order = new(11, count);
        foreach (long epoch in (long[])[0, 1, 7, 1_000_000])
        {
            Assert.Equal(Enumerable.Range(0, count), Epoch(order, epoch, count).Select(i => (int)i).Order());
        }
    }

    [Fact]
    public void Every_item_comes_at_every_place_equally_often_and_after_every_other()
    {
        const int Count = 5, Epochs = 20_000;
        EpochOrder order = new(3, Count);
        int[,] places = new int[Count, Count], followers = new int[Count, Count];
        for (long epoch = 0; epoch < Epochs; epoch++)
        {
            long[] items = Epoch(order, epoch, Count);
            for (int i = 0; i < Count; i++)
            {
                places[i, items[i]]++;
                followers[i == 0 ? items[^1] : items[i - 1], items[i]]++;
            }
        }

        for (int a = 0; a < Count; a++)
        {
            for (int b = 0; b < Count; b++)
            {
                // 4000 +- 57, and 5000 +- 61 of the pairs: five deviations.
                Assert.InRange(places[a, b], 4000 - 285, 4000 + 285);
                Assert.InRange(followers[a, b], a == b ? 0 : 5000 - 305, a == b ? 0 : 5000 + 305);
            }
        }
    }

    [Fact]
    public void Seed_count_and_epoch_each_change_the_order()
    {
        const int Count = 1000;
        long[] first = Epoch(new EpochOrder(1, Count), 0, Count);
        Assert.Equal(first, Epoch(new EpochOrder(1, Count), 0, Count));
        Assert.InRange(Same(first, Epoch(new EpochOrder(1, Count), 1, Count)), 0, 10);
        Assert.InRange(Same(first, Epoch(new EpochOrder(2, Count), 0, Count)), 0, 10);
        Assert.InRange(Same(first, Epoch(new EpochOrder(1 + (1UL << 40), Count), 0, Count)), 0, 10);
        Assert.InRange(Same(first, [.. Enumerable.Range(0, Count).Select(i => (long)i)]), 0, 10);
        int rising = first.Zip(first.Skip(1), (a, b) => b > a ? 1 : 0).Sum();
        Assert.InRange(rising, 450, 550);
    }

    [Fact]
    public void Large_counts_need_no_memory_and_keep_their_bounds()
    {
        EpochOrder order = new(5, 1L << 62);
        Assert.All(Enumerable.Range(0, 1000), i => Assert.InRange(order[i], 0, (1L << 62) - 1));
        Assert.Equal(1000, Enumerable.Range(0, 1000).Select(i => order[i]).Distinct().Count());
        Assert.InRange(Enumerable.Range(0, 1000).Average(i => order[i] / Math.Pow(2, 62)), 0.45, 0.55);
        Assert.Throws<ArgumentOutOfRangeException>(() => order[-1]);
        Assert.Throws<ArgumentOutOfRangeException>(() => new EpochOrder(0, 0));
    }

    [Fact]
    public void The_order_of_a_seed_is_fixed() =>
        Assert.Equal(FirstOfSeed0, string.Join(' ', Epoch(new EpochOrder(0, 10), 0, 10).Concat(Epoch(new EpochOrder(0, 10), 1, 10))));

    private static long[] Epoch(EpochOrder order, long epoch, int count) =>
        [.. Enumerable.Range(0, count).Select(i => order[(epoch * count) + i])];

    private static int Same(long[] a, long[] b) => a.Zip(b).Count(pair => pair.First == pair.Second);
}
