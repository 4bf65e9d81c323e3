using L2c.Testing;

namespace L2c.Kernels.Tests;

public sealed class SharedRowsTests
{
    // A prime, and a multiple of eight: the levels of CUDA.
    public static TheoryData<string, int, int> Cases => [.. DeviceCases.Of(DeviceCases.OnePerKind, [1, 2, 3, 5], [37, 16])];

    /// <summary>Gates, scales and shifts with fewer rows than images: the last row serves the rest, bit for bit as if it were repeated.</summary>
    [Theory]
    [MemberData(nameof(Cases))]
    public void The_last_row_serves_all_further_images(string device, int rows, int channels)
    {
        const int Images = 5, Tokens = 3;
        using Bench bench = Bench.Open(device);
        float[] few = RandomData.Normal(seed: 81, rows * 3 * channels);
        float[] all = [.. Enumerable.Range(0, Images).SelectMany(b => few.AsSpan(Math.Min(b, rows - 1) * 3 * channels, 3 * channels).ToArray())];
        Tensor x = bench.Put(RandomData.Normal(seed: 82, Images * Tokens * channels), Images, Tokens, channels);
        Tensor branch = bench.Put(RandomData.Normal(seed: 83, Images * Tokens * channels), Images, Tokens, channels);
        Assert.Equal(Run(bench.Put(all, Images, 3 * channels)), Run(bench.Put(few, rows, 3 * channels)));

        float[] Run(Tensor modulation)
        {
            Tensor y = bench.Take(Images, Tokens, channels);
            Norm norm = Norm.Modulated(modulation.SliceColumns(0, channels), modulation.SliceColumns(channels, channels), 1e-6f);
            bench.Device.ResidualNorm(x, [new ResidualTerm(branch, modulation.SliceColumns(2 * channels, channels))], default, norm, y);
            return bench.Get(y);
        }
    }
}
