using L2c.Testing;

namespace L2c.Kernels.Tests;

public sealed class PatchesTests
{
    // N, guidance factor, C, H, W, P, L: smallest; DiT/2 at 256 pixels, smaller on CUDA; awkward; U-ViT's two tokens, without and with guidance.
    public static TheoryData<string, int[]> Cases =>
    [
        .. DeviceCases.Of<int[]>([nameof(InstructionSet.Portable)], [.. _shapes, [2, 2, 4, 32, 32, 2, 0], [1, 2, 4, 32, 32, 2, 2]]),
        .. DeviceCases.Of<int[]>(DeviceCases.Stored, _shapes),
    ];

    private static readonly int[][] _shapes =
        [[1, 1, 1, 1, 1, 1, 0], [2, 2, 4, 16, 16, 2, 0], [3, 2, 5, 9, 15, 3, 1], [2, 1, 4, 16, 16, 2, 2], [2, 2, 3, 8, 4, 2, 2]];

    private static readonly int[][] _gradients = [[1, 1, 1, 1, 1, 0], [2, 8, 16, 16, 2, 0], [3, 5, 9, 15, 3, 1], [2, 4, 16, 16, 2, 2]];

    // B, C, H, W, P, L: smallest; DiT/2, smaller; awkward; U-ViT's two tokens.
    public static TheoryData<string, int[]> Gradients =>
        [.. DeviceCases.Of<int[]>([nameof(InstructionSet.Portable), .. DeviceCases.Stored], _gradients)];

    [Theory]
    [MemberData(nameof(Cases))]
    public void All_gathers_only_round(string device, int[] shape)
    {
        using Bench bench = Bench.Open(device);
        (int images, int repeats, int channels, int height, int width) = (shape[0], shape[1], shape[2], shape[3], shape[4]);
        (int patch, int leading) = (shape[5], shape[6]);
        int batch = images * repeats, tokens = leading + (height / patch * (width / patch)), size = channels * patch * patch;
        float[] image = RandomData.Normal(seed: 91, images * channels * height * width);
        Tensor patches = bench.Take(batch, tokens, size);
        bench.Device.Patchify(bench.PutState(image, images, channels, height, width), patches, patch, leading);
        Assert.Equal(bench.Round(Reference.Patchify(image, batch, channels, height, width, patch, leading)), bench.Get(patches));

        float[] values = bench.Round(RandomData.Normal(seed: 92, batch * tokens * size));
        Tensor back = bench.TakeState(batch, channels, height, width);
        bench.Device.Unpatchify(bench.Put(values, batch, tokens, size), back, patch, leading);
        float[] expected = Reference.Unpatchify(values, batch, channels, height, width, patch, leading);
        Assert.Equal(expected, bench.Get(back));
        if (size > 1)
        {
            // Planted fault: patches in (c, p, q) order, as Patchify makes them.
            float[] mistaken = Reference.Patchify(expected, batch, channels, height, width, patch, leading);
            bench.Device.Unpatchify(bench.Put(mistaken, batch, tokens, size), back, patch, leading);
            Assert.NotEqual(expected, bench.Get(back));
        }

        Tensor tokensBack = bench.Take(batch, tokens, size);
        bench.Device.UnpatchifyBackward(bench.PutState(expected, batch, channels, height, width), tokensBack, patch, leading);
        Assert.Equal(Reference.UnpatchifyBackward(expected, batch, channels, height, width, patch, leading), bench.Get(tokensBack));
        Assert.Equal([.. values.Select((value, i) => i / size % tokens < leading ? 0 : value)], bench.Get(tokensBack));
    }

    [Theory]
    [MemberData(nameof(Gradients))]
    public void The_gradient_of_unpatchify_is_its_inverse_and_only_rounds(string device, int[] shape)
    {
        using Bench bench = Bench.Open(device);
        (int batch, int channels, int height, int width, int patch, int leading) = (shape[0], shape[1], shape[2], shape[3], shape[4], shape[5]);
        float[] dImage = RandomData.Normal(seed: 151, batch * channels * height * width);
        Tensor dTokens = bench.Take(batch, leading + (height / patch * (width / patch)), patch * patch * channels);
        bench.Device.UnpatchifyBackward(bench.PutState(dImage, batch, channels, height, width), dTokens, patch, leading);
        float[] expected = bench.Round(Reference.UnpatchifyBackward(dImage, batch, channels, height, width, patch, leading));
        Assert.Equal(expected, bench.Get(dTokens));
        if (channels > 1)
        {
            // Planted fault: values in (c, p, q) order, as Patchify makes them.
            bench.Device.Patchify(bench.PutState(dImage, batch, channels, height, width), dTokens, patch, leading);
            Assert.NotEqual(expected, bench.Get(dTokens));
        }
    }

    [Theory]
    [MemberData(nameof(DeviceCases.OneOfEach), MemberType = typeof(DeviceCases))]
    public void Rows_of_the_leading_tokens_are_written_through_a_view(string device)
    {
        using Bench bench = Bench.Open(device);
        const int Images = 3, Tokens = 5, Width = 12;
        float[] x = RandomData.Normal(seed: 152, Images * Tokens * Width), table = RandomData.Normal(seed: 153, 4 * Width);
        Tensor tokens = bench.Put(x, Images, Tokens, Width), rows = bench.Put(table, 4, Width);
        bench.Device.GatherRows(rows, bench.Put([3, 0, 3]), tokens.SliceToken(1));
        int[] labels = [3, 0, 3];
        float[] expected = [.. x.Select((value, i) => i / Width % Tokens == 1 ? table[(labels[i / Width / Tokens] * Width) + (i % Width)] : value)];
        Assert.Equal(expected, bench.Get(tokens));
        Assert.Throws<ArgumentOutOfRangeException>(() => tokens.SliceToken(Tokens));
    }
}
