using L2c.Model.Randomness;

namespace L2c.Model.Tests.Randomness;

public class NoiseSourceTests
{
    private const int Elements = 3 * 5 * 7; // no multiple of sixteen: rows do not start on a block

    [Fact]
    public void Counter_noise_of_an_image_is_the_same_alone_and_in_any_batch()
    {
        float[] batch = Fill(new CounterNoiseSource(7), draw: 2, images: 8);
        for (int image = 0; image < 8; image++)
        {
            float[] alone = Fill(new CounterNoiseSource(7, firstImage: image), draw: 2, images: 1);
            Assert.Equal(batch[(image * Elements)..((image + 1) * Elements)], alone);
        }

        Assert.NotEqual(batch[..Elements], batch[Elements..(2 * Elements)]);
    }

    [Fact]
    public void Counter_noise_may_be_asked_for_in_any_order()
    {
        CounterNoiseSource source = new(7);
        float[] third = Fill(source, draw: 3, images: 2);
        float[] first = Fill(source, draw: 0, images: 2);
        Assert.Equal(third, Fill(source, draw: 3, images: 2));
        Assert.NotEqual(third, first);
    }

    [Theory]
    [InlineData(2, 2)]
    [InlineData(2, 4)]
    public void Torch_noise_takes_the_first_rows_of_what_the_published_loop_draws(int images, int rowsPerDraw)
    {
        TorchGenerator torch = new(12);
        TorchNoiseSource source = new(12, rowsPerDraw);
        for (int draw = 0; draw < 4; draw++)
        {
            float[] published = new float[(draw == 0 ? images : rowsPerDraw) * Elements];
            torch.Randn(published);
            Assert.Equal(published[..(images * Elements)], Fill(source, draw, images));
        }
    }

    [Fact]
    public void Guidance_changes_the_torch_noise_after_the_first_draw()
    {
        TorchNoiseSource plain = new(12, rowsPerDraw: 2);
        TorchNoiseSource guided = new(12, rowsPerDraw: 4);
        Assert.Equal(Fill(plain, 0, 2), Fill(guided, 0, 2));
        Fill(plain, 1, 2);
        Fill(guided, 1, 2);
        Assert.NotEqual(Fill(plain, 2, 2), Fill(guided, 2, 2));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void Torch_noise_refuses_a_draw_out_of_order(int draw)
    {
        TorchNoiseSource source = new(0, rowsPerDraw: 2);
        Fill(source, 0, 2);
        Fill(source, 1, 2);
        InvalidOperationException error = Assert.Throws<InvalidOperationException>(() => Fill(source, draw, 2));
        Assert.Contains("draw 2 is next", error.Message, StringComparison.Ordinal);
        Fill(source, 2, 2); // the refused call has not moved the stream
    }

    [Fact]
    public void Sizes_that_do_not_fit_are_refused()
    {
        Assert.Throws<ArgumentException>(() => new CounterNoiseSource(0).Fill(0, 2, 8, new float[15]));
        Assert.Throws<ArgumentException>(() => new TorchNoiseSource(0, 2).Fill(0, 2, 8, new float[17]));
        Assert.Throws<ArgumentException>(() => new TorchNoiseSource(0, 1).Fill(0, 2, 8, new float[16]));
        Assert.Throws<ArgumentOutOfRangeException>(() => new CounterNoiseSource(0).Fill(0, 0, 8, []));
    }

    [Fact]
    public void Filling_allocates_nothing_after_the_first_guided_draw()
    {
        foreach (INoiseSource source in new INoiseSource[] { new CounterNoiseSource(1), new TorchNoiseSource(1, rowsPerDraw: 4) })
        {
            float[] values = new float[2 * Elements];
            source.Fill(0, 2, Elements, values);
            source.Fill(1, 2, Elements, values);
            long before = GC.GetAllocatedBytesForCurrentThread();
            source.Fill(2, 2, Elements, values);
            Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        }
    }

    private static float[] Fill(INoiseSource source, int draw, int images)
    {
        float[] values = new float[images * Elements];
        source.Fill(draw, images, Elements, values);
        return values;
    }
}
