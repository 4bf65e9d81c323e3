using L2c.Kernels;
using L2c.Model.Autoencoder;
using L2c.Testing;

namespace L2c.Model.Tests.Autoencoder;

/// <summary>The autoencoder on CUDA at its published width, on few pixels: one head of 512, and recordings.</summary>
[Trait("Device", "Cuda")]
public sealed class AutoencoderCudaTests
{
    private const int Side = 4, Latents = 2 * 4 * Side * Side;

    private static readonly float[] _latents = RandomVae.Values(3, Latents);

    [Theory]
    [InlineData(CudaPrecision.F32, 1e-4)]
    [InlineData(CudaPrecision.F16, 2e-2)]
    public void Pictures_are_the_cpus_and_do_not_depend_on_recording(CudaPrecision precision, double bound)
    {
        using CpuDevice cpu = new();
        using CudaUnderTest cuda = new(precision);
        float[] expected = Decode(cpu, true)[0];
        float[][] decoded = Decode(cuda.Device, true, false);
        double largest = expected.Max(Math.Abs);
        Assert.All(expected.Zip(decoded[0]), pair => Assert.Equal(pair.First, pair.Second, bound * largest));
        Assert.Contains(expected.Zip(expected.Skip(expected.Length / 2)), pair => Math.Abs(pair.First - pair.Second) > bound * largest);
        Assert.Equal(decoded[0], decoded[1]);
        Assert.Equal(0, cuda.Device.AllocatedBytes);
    }

    [Fact]
    public void A_first_batch_that_is_not_full_is_computed_without_what_nobody_has_written()
    {
        const int Side = 2;
        using CudaUnderTest cuda = new(CudaPrecision.F32);
        using AutoencoderModel model = RandomVae.Load(cuda.Device, AutoencoderParts.Decoder);
        float[] both = Decode(2), first = Decode(1);
        Assert.Equal(both[..first.Length], first);

        float[] Decode(int count)
        {
            using ImageDecoder decoder = new(model, 2, Side, Side);
            float[] decoded = new float[count * decoder.ElementsPerImage];
            decoder.Decode(_latents.AsSpan(0, count * (int)decoder.LatentsPerImage), decoded);
            return decoded;
        }
    }

    private static float[][] Decode(Device device, params bool[] records)
    {
        var wide = TinyModel.Autoencoder with { Channels = 128, ChannelMultipliers = [1, 4], ResBlocks = 1 };
        using AutoencoderModel model = RandomVae.Load(wide, device, AutoencoderParts.Decoder);
        return Array.ConvertAll(records, record =>
        {
            using ImageDecoder decoder = new(model, 2, Side, Side, record: record);
            float[] decoded = new float[2 * decoder.ElementsPerImage];
            decoder.Decode(_latents, decoded);
            return decoded;
        });
    }
}
