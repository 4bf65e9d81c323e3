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

    [Fact]
    public void Wrong_shapes_are_refused_by_name()
    {
        using var bench = new Workbench(nameof(InstructionSet.Portable));
        Tensor image = bench.Take(2, 4, 6, 6), patches = bench.Take(2, 9, 16);
        Refused("Patchify: patch size 4 does not divide image [2, 4, 6, 6]", () => bench.Device.Patchify(image, patches, 4));
        Refused("Patchify: patches [2, 9, 16] do not match image [2, 4, 6, 6]", () => bench.Device.Patchify(image, patches, 3));
        Refused("Patchify: rows of patches [3, 9, 16] are no multiple", () => bench.Device.Patchify(image, bench.Take(3, 9, 16), 2));
        Refused("Unpatchify: rows of tokens [4, 9, 16] are not the images", () => bench.Device.Unpatchify(bench.Take(4, 9, 16), image, 2));
        Tensor more = bench.Take(4, 9, 16);
        Refused("UnpatchifyBackward: rows of dTokens [4, 9, 16] are not the images", () => bench.Device.UnpatchifyBackward(image, more, 2));

        static void Refused(string start, Action call) =>
            Assert.StartsWith(start, Assert.Throws<ArgumentException>(call).Message, StringComparison.Ordinal);
    }
}
