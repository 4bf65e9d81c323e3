using L2c.Model.Autoencoder;

namespace L2c.Model.Tests.Autoencoder;

public sealed class TileAxisTests
{
    [Theory]
    [InlineData(8, 8, 1)]
    [InlineData(5, 8, 1)]
    [InlineData(9, 8, 2)]
    [InlineData(14, 8, 2)]
    [InlineData(15, 8, 3)]
    [InlineData(64, 64, 1)]
    [InlineData(65, 64, 2)]
    [InlineData(112, 64, 2)]
    [InlineData(113, 64, 3)]
    [InlineData(128, 32, 5)]
    [InlineData(23, 9, 3)]
    public void Tiles_cover_the_axis_and_their_weights_add_up_to_one(int length, int tile, int count)
    {
        const int factor = 8;
        TileAxis axis = new(length, tile);
        Assert.Equal((count, Math.Min(tile, length)), (axis.Count, axis.Side));
        Assert.Equal((0, length), (axis.Start(0), axis.Start(axis.Count - 1) + axis.Side));
        double[] sums = new double[factor * length];
        int[] counted = new int[factor * length];
        for (int i = 0; i < axis.Count; i++)
        {
            for (int pixel = 0; pixel < factor * axis.Side; pixel++)
            {
                float weight = axis.Weight(i, pixel, factor);
                Assert.InRange(weight, 0, 1);
                sums[(factor * axis.Start(i)) + pixel] += weight;
                counted[(factor * axis.Start(i)) + pixel] += weight > 0 ? 1 : 0;
            }
        }

        Assert.All(sums, sum => Assert.Equal(1, sum, 1e-6));
        Assert.All(counted, tiles => Assert.InRange(tiles, 1, 2));
    }

    [Fact]
    public void From_one_tile_to_the_next_the_weight_rises_linearly_over_a_quarter()
    {
        const int factor = 8;
        TileAxis axis = new(20, 8); // tiles from 0, 6 and 12 on: each fades into the next over 2 latents, 16 pixels
        Assert.Equal([0, 6, 12], Enumerable.Range(0, axis.Count).Select(axis.Start));
        for (int pixel = 0; pixel < 16; pixel++)
        {
            Assert.Equal((pixel + 0.5f) / 16, axis.Weight(1, pixel, factor), 1e-6f);
            Assert.Equal(1 - ((pixel + 0.5f) / 16), axis.Weight(0, 48 + pixel, factor), 1e-6f);
        }

        Assert.Equal(1, axis.Weight(1, 16, factor));
        Assert.Equal(1, axis.Weight(0, 47, factor));
    }

    [Fact]
    public void Tiles_that_are_too_small_are_refused()
    {
        string message = Assert.Throws<ArgumentException>(() => new TileAxis(20, 7)).Message;
        Assert.StartsWith("tiles of 7 latents are too small", message, StringComparison.Ordinal);
    }
}
