using L2c.Testing;

namespace L2c.Kernels.Tests;

public sealed class PatchesTests
{
    // N, guidance factor, C, H, W, P: smallest; DiT/2 at 256 pixels, smaller on CUDA; awkward.
    public static TheoryData<string, int[]> Cases =>
    [
        .. DeviceCases.Of<int[]>([nameof(InstructionSet.Portable)], [[1, 1, 1, 1, 1, 1], [2, 2, 4, 32, 32, 2], [3, 2, 5, 9, 15, 3]]),
        .. DeviceCases.Of<int[]>(DeviceCases.Stored, [[1, 1, 1, 1, 1, 1], [2, 2, 4, 16, 16, 2], [3, 2, 5, 9, 15, 3]]),
    ];

    // B, C, H, W, P: smallest; DiT/2, smaller; awkward.
    public static TheoryData<string, int[]> Gradients =>
        [.. DeviceCases.Of<int[]>([nameof(InstructionSet.Portable), .. DeviceCases.Stored], [[1, 1, 1, 1, 1], [2, 8, 16, 16, 2], [3, 5, 9, 15, 3]])];

    [Theory]
    [MemberData(nameof(Cases))]
    public void All_gathers_only_round(string device, int[] shape)
    {
        using Bench bench = Bench.Open(device);
        (int images, int repeats, int channels, int height, int width, int patch) = (shape[0], shape[1], shape[2], shape[3], shape[4], shape[5]);
        int batch = images * repeats, tokens = height / patch * (width / patch), size = channels * patch * patch;
        float[] image = RandomData.Normal(seed: 91, images * channels * height * width);
        Tensor patches = bench.Take(batch, tokens, size);
        bench.Device.Patchify(bench.PutState(image, images, channels, height, width), patches, patch);
        Assert.Equal(bench.Round(Reference.Patchify(image, batch, channels, height, width, patch)), bench.Get(patches));

        float[] values = bench.Round(RandomData.Normal(seed: 92, batch * tokens * size));
        Tensor back = bench.TakeState(batch, channels, height, width);
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
        bench.Device.UnpatchifyBackward(bench.PutState(expected, batch, channels, height, width), tokensBack, patch);
        Assert.Equal(Reference.UnpatchifyBackward(expected, batch, channels, height, width, patch), bench.Get(tokensBack));
        Assert.Equal(values, bench.Get(tokensBack));
    }

    [Theory]
    [MemberData(nameof(Gradients))]
    public void The_gradient_of_unpatchify_is_its_inverse_and_only_rounds(string device, int[] shape)
    {
        using Bench bench = Bench.Open(device);
        (int batch, int channels, int height, int width, int patch) = (shape[0], shape[1], shape[2], shape[3], shape[4]);
        float[] dImage = RandomData.Normal(seed: 151, batch * channels * height * width);
        Tensor dTokens = bench.Take(batch, height / patch * (width / patch), patch * patch * channels);
        bench.Device.UnpatchifyBackward(bench.PutState(dImage, batch, channels, height, width), dTokens, patch);
        float[] expected = bench.Round(Reference.UnpatchifyBackward(dImage, batch, channels, height, width, patch));
        Assert.Equal(expected, bench.Get(dTokens));
        if (channels > 1)
        {
            // Planted fault: values in (c, p, q) order, as Patchify makes them.
            bench.Device.Patchify(bench.PutState(dImage, batch, channels, height, width), dTokens, patch);
            Assert.NotEqual(expected, bench.Get(dTokens));
        }
    }
}
