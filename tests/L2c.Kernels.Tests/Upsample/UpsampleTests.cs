using L2c.Testing;

namespace L2c.Kernels.Tests;

public sealed class UpsampleTests
{
    // B, H, W, C, factor: smallest; a VAE's, smaller; awkward.
    public static TheoryData<string, int[]> Cases => [.. DeviceCases.Of<int[]>(
        [.. DeviceCases.Cpu, .. DeviceCases.Stored], [[1, 1, 1, 1, 1], [2, 8, 8, 64, 2], [3, 5, 7, 37, 3]])];

    [Theory]
    [MemberData(nameof(Cases))]
    public void Every_pixel_becomes_a_square(string device, int[] shape)
    {
        using Bench bench = Bench.Open(device);
        Shape of = new(shape[0], shape[1], shape[2], shape[3]);
        int factor = shape[4];
        float[] x = bench.Round(RandomData.Normal(seed: 341, (int)of.Count));
        float[] wide = [.. x.Chunk(of[3]).SelectMany(pixel => (float[])[7, .. pixel])];
        Tensor y = bench.Put(new float[of.Rows * factor * factor * (of[3] + 2)], of[0], factor * of[1], factor * of[2], of[3] + 2);
        bench.Device.Upsample(bench.Put(wide, of[0], of[1], of[2], of[3] + 1).SliceChannels(1, of[3]), y.SliceChannels(1, of[3]));
        float[] all = bench.Get(y), expected = Reference.Upsample(x, of, factor);
        Assert.Equal(expected, all.Where((_, i) => i % (of[3] + 2) is var c && c > 0 && c <= of[3]));
        Assert.All(all.Where((_, i) => i % (of[3] + 2) is var c && (c == 0 || c > of[3])), value => Assert.Equal(0, value));
    }
}
