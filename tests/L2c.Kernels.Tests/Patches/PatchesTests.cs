using L2c.Testing;

namespace L2c.Kernels.Tests;

public sealed class PatchesTests
{
    // N, guidance factor, C, H, W, P: smallest; DiT/2 at 256 pixels; awkward.
    [Theory]
    [InlineData(1, 1, 1, 1, 1, 1)]
    [InlineData(2, 2, 4, 32, 32, 2)]
    [InlineData(3, 2, 5, 9, 15, 3)]
    public void All_gathers_are_exact(int images, int repeats, int channels, int height, int width, int patch)
    {
        using var bench = new Workbench(nameof(InstructionSet.Portable), threads: 3);
        int batch = images * repeats, tokens = height / patch * (width / patch), size = channels * patch * patch;
        float[] image = RandomData.Normal(seed: 91, images * channels * height * width);
        Tensor patches = bench.Take(batch, tokens, size);
        bench.Device.Patchify(bench.Put(image, images, channels, height, width), patches, patch);
        Assert.Equal(Reference.Patchify(image, batch, channels, height, width, patch), bench.Get(patches));

        float[] values = RandomData.Normal(seed: 92, batch * tokens * size);
        Tensor back = bench.Take(batch, channels, height, width);
        bench.Device.Unpatchify(bench.Put(values, batch, tokens, size), back, patch);
        float[] expected = Reference.Unpatchify(values, batch, channels, height, width, patch);
        Assert.Equal(expected, bench.Get(back));
        if (size > 1)
        {
            // Planted fault: patches in (c, p, q) order, as Patchify makes them.
            bench.Device.Unpatchify(bench.Put(Reference.Patchify(expected, batch, channels, height, width, patch), batch, tokens, size), back, patch);
            Assert.NotEqual(expected, bench.Get(back));
        }

        Tensor tokensBack = bench.Take(batch, tokens, size);
        bench.Device.UnpatchifyBackward(bench.Put(expected, batch, channels, height, width), tokensBack, patch);
        Assert.Equal(Reference.UnpatchifyBackward(expected, batch, channels, height, width, patch), bench.Get(tokensBack));
        Assert.Equal(values, bench.Get(tokensBack));
    }
}
