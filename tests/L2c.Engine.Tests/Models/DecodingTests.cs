using L2c.Kernels;
using L2c.Model.Autoencoder;
using L2c.Model.Networks;
using L2c.Testing;
using L2c.Weights;
using L2c.Weights.Layouts;
using L2c.Weights.Memory;

namespace L2c.Engine.Tests;

/// <summary>Latents that are sampled and decoded in one task.</summary>
public sealed class DecodingTests : IDisposable
{
    private const int Latents = 4 * 16 * 16, Pixels = 3 * 128 * 128;

    private readonly TemporaryFolder _folder = new();
    private readonly LoadedModel _model;
    private readonly SampleRequest _request;

    public DecodingTests()
    {
        _model = LoadedModel.Open(TinyModel.Write(_folder.File("m.safetensors"), TinyModel.Latents with { InputSize = 16 }), DeviceChoice.Cpu);
        _request = new() { Steps = "2", Count = 3, Batch = 2, Vae = TinyModel.Write(_folder.File("vae.safetensors"), TinyModel.Autoencoder) };
    }

    [Fact]
    public void Pictures_are_what_the_decoder_makes_of_the_latents_as_the_authors_make_pixels()
    {
        SampleResult plain = _model.Sample(_request with { Vae = null }), result = _model.Sample(_request);
        Assert.True(plain.Job.IsPreview);
        Assert.False(result.Job.IsPreview);
        Assert.Equal(plain.Samples, result.Samples);
        float[] pixels = Decode(result.Samples, 3);
        for (int i = 0; i < 3; i++)
        {
            RgbImage picture = result.Picture(i);
            Assert.Equal((128, 128), (picture.Width, picture.Height));
            for (int at = 0; at < picture.Pixels.Length; at++)
            {
                float value = pixels[(i * Pixels) + (at % 3 * 128 * 128) + (at / 3)];
                Assert.Equal((byte)Math.Clamp((127.5f * value) + 128f, 0f, 255f), picture.Pixels[at]);
            }
        }

        Assert.Equal("vae.safetensors", (string?)result.Description["vae"]);
        Assert.Null(result.Description["vaeTile"]);
        result.WritePng(_folder.File("a.png"));
        PngDecoder png = PngDecoder.Decode(File.ReadAllBytes(_folder.File("a.png")));
        Picture sheet = SamplePictures.Grid(result);
        Assert.Equal((sheet.Width, sheet.Height), (png.Width, png.Height));
    }

    [Fact]
    public void Tiles_are_decoded_and_told_of()
    {
        Reports reports = new();
        SampleResult result = _model.Sample(_request with { VaeTile = 8, Count = 2 }, reports);
        Assert.Equal((9, 8), (result.Job.Decoding!.Tiles, (int)result.Description["vaeTile"]!));
        WorkProgress[] decoding = [.. reports.All.Where(report => report.Work.StartsWith("decoding", StringComparison.Ordinal))];
        Assert.Equal(Enumerable.Range(0, 10), decoding.Select(report => report.Done));
        Assert.All(decoding, report => Assert.Equal(("decoding 2 images", 9), (report.Work, report.Total)));
        Assert.NotEqual(_model.Sample(_request with { Count = 2 }).Picture(0).Pixels, result.Picture(0).Pixels);
    }

    [Fact]
    public void A_comparison_shows_decoded_pictures_on_both_sides()
    {
        SampleResult result = _model.Sample(_request with { Count = 1, Steps = "4", Compare = true, Cache = new CacheRequest { Rule = "all" } });
        Assert.NotEqual(result.Picture(0).Pixels, result.UncachedPicture(0).Pixels);
        float[] pixels = Decode(result.Comparison!.Uncached, 1);
        Assert.Equal(SampleImage.OfPixels(PixelRule.Bytes, 3, 128, 128, pixels).Pixels, result.UncachedPicture(0).Pixels);
        Assert.Throws<InvalidOperationException>(() => _model.Sample(_request).UncachedPicture(0));
    }

    [Theory]
    [InlineData(null, 3)]
    [InlineData(8, 1)]
    public void Decoding_allocates_on_the_device_what_was_counted(int? tile, int count)
    {
        SampleJob job = new(_request with { VaeTile = tile, Count = count }, _model.Architecture, DeviceChoice.Cpu);
        CpuDevice device = (CpuDevice)_model.Device;
        long counted = _model.Network.WeightBytes + SampleMemory.OfSampling(job, device, job.Batch).Device, peak = 0;
        SampleResult result = _model.Sample(job, new Reports { Then = _ => peak = Math.Max(peak, device.AllocatedBytes) });
        Assert.Equal((counted, counted), (peak, result.Memory.PeakBytes));
        Assert.Equal(_model.Network.WeightBytes, device.AllocatedBytes);
    }

    [Fact]
    public void Arrays_of_pictures_are_counted()
    {
        SampleJob plain = new(_request with { Vae = null, Count = 32 }, _model.Architecture, DeviceChoice.Cpu);
        SampleJob job = new(_request with { VaeTile = 8, Count = 32 }, _model.Architecture, DeviceChoice.Cpu);
        long counted = SampleMemory.OfSampling(job, _model.Device, job.Batch).Arrays;
        long samples = SampleMemory.OfSampling(plain, _model.Device, job.Batch).Arrays;
        SampleResult result = _model.Sample(job);
        long pictures = Enumerable.Range(0, 32).Sum(i => (long)result.Picture(i).Pixels.Length);
        long portion = sizeof(float) * job.Decoding!.Batch * (long)Pixels;
        Assert.InRange(counted, (sizeof(float) * result.Samples.Length) + pictures + portion, samples + pictures + (2 * portion));
    }

    [Fact]
    public void A_task_that_does_not_fit_is_refused_for_its_decoder()
    {
        string wide = TinyModel.Write(_folder.File("wide.safetensors"), TinyModel.Autoencoder with { Channels = 128 });
        SampleRequest request = _request with { Count = 1, Vae = wide };
        long with = Need(request), without = Need(request with { Vae = null });
        Assert.InRange(with - without, 4L * 128 * 128 * 128 * 3, long.MaxValue); // three images of 128 channels at full size

        // The machine's memory lies between the two: only the first is refused.
        HostMemory host = HostMemory.Machine with { Stated = $"{(_model.Network.WeightBytes + ((with + without) / 2) + MemoryDemand.RuntimeBytes) >> 20}M" };
        DeviceChoice choice = DeviceChoice.Cpu with { Memory = host };
        using OpenedModel opened = OpenedModel.Open(_folder.File("m.safetensors"));
        string message = Assert.Throws<InsufficientMemoryException>(() => opened.Load(choice, demand: Job(request).Demand)).Message;
        Assert.Matches("^sampling needs .*; not even --batch 1 fits, so .* smaller tiles with --vae-tile", message);
        using LoadedModel fits = opened.Load(choice, demand: Job(request with { Vae = null }).Demand);

        long Need(SampleRequest asked) => SampleMemory.OfSampling(Job(asked), _model.Device, 1).Device;

        SampleJob Job(SampleRequest asked) => new(asked, _model.Architecture, DeviceChoice.Cpu);
    }

    [Fact]
    public void A_cancelled_decoding_ends_after_a_tile_and_leaves_the_model_usable()
    {
        using CancellationTokenSource source = new();
        Reports reports = new() { Then = report => CancelAfter(source, report) };
        Assert.ThrowsAny<OperationCanceledException>(() => _model.Sample(_request with { VaeTile = 8, Count = 1 }, reports, source.Token));
        Assert.Equal(("decoding 1 image", 2), (reports.All[^1].Work, reports.All[^1].Done));
        Assert.Equal(_model.Network.WeightBytes, ((CpuDevice)_model.Device).AllocatedBytes);
        Assert.Equal(0, _model.Sample(_request).NonFiniteCount);

        static void CancelAfter(CancellationTokenSource source, WorkProgress report)
        {
            if (report is { Done: 2, Total: 9 })
            {
                source.Cancel();
            }
        }
    }

    [Fact]
    public void Autoencoders_that_do_not_fit_are_refused_before_anything_is_sampled()
    {
        string idle = Refused<RequestException>(_request with { Vae = null, VaeTile = 16 });
        Assert.Contains("--vae-tile 16: nothing is decoded", idle, StringComparison.Ordinal);
        Assert.Contains("tiles have at least 8", Refused<RequestException>(_request with { VaeTile = 7 }), StringComparison.Ordinal);
        Assert.Contains("not an autoencoder", Malformed(_folder.File("m.safetensors")), StringComparison.Ordinal);
        string narrow = Malformed(Autoencoder(a => a with { LatentChannels = 3 }));
        Assert.Contains("decodes latents of 3 channels, but tiny latents makes 4", narrow, StringComparison.Ordinal);
        Assert.Contains("decodes to 5 channels", Malformed(Autoencoder(a => a with { OutChannels = 5 })), StringComparison.Ordinal);
        Assert.Contains("multiple of the 32 groups", Malformed(Autoencoder(a => a with { Channels = 16 })), StringComparison.Ordinal);
        Assert.Contains("scales latents by 0.13", Malformed(Autoencoder(a => a with { LatentScale = 0.13025 })), StringComparison.Ordinal);
        Refused<FileNotFoundException>(_request with { Vae = _folder.File("missing") });
        using LoadedModel pixels = LoadedModel.Open(TinyModel.Write(_folder.File("p.safetensors"), TinyModel.Pixels), DeviceChoice.Cpu);
        Assert.Contains("makes pixels", Assert.Throws<RequestException>(() => pixels.Sample(_request)).Message, StringComparison.Ordinal);

        string Malformed(string path) => Refused<MalformedFileException>(_request with { Vae = path });

        string Autoencoder(Func<VaeArchitecture, VaeArchitecture> change) =>
            TinyModel.Write(_folder.File($"{_folder.Names.Count}.safetensors"), change(TinyModel.Autoencoder));

        string Refused<T>(SampleRequest request)
            where T : Exception => Assert.Throws<T>(() => new SampleJob(request, _model.Architecture, DeviceChoice.Cpu)).Message;
    }

    /// <summary>Latents are decoded in portions of equal size, as many at a time as have the cells of the largest tile.</summary>
    [Fact]
    public void Portions_have_equal_sizes()
    {
        Assert.Equal(16, Batch(16));
        Assert.Equal(9, Batch(17));
        Assert.Equal(11, Batch(33));
        Assert.Equal(1, Batch(1));

        int Batch(int count) => new SampleJob(_request with { Count = count }, _model.Architecture, DeviceChoice.Cpu).Decoding!.Batch;
    }

    /// <summary>DiT: 127.5 x + 128 truncated. U-ViT: to [0, 1], then 255 v + 0.5 truncated. 0.5 / 127.5 is where the next value begins.</summary>
    [Theory]
    [InlineData(-1f, 0)]
    [InlineData(1f, 255)]
    [InlineData(-1.5f, 0)]
    [InlineData(1.5f, 255)]
    [InlineData(0f, 128)]
    [InlineData(0.0038f, 128)]
    [InlineData(0.008f, 129)]
    [InlineData(0.5f, 191)]
    [InlineData(float.NaN, 0)]
    [InlineData(float.NegativeInfinity, 0)]
    [InlineData(float.PositiveInfinity, 255)]
    public void Both_rules_make_the_pixels_that_their_formulas_say(float value, int expected)
    {
        Assert.Equal(expected, PixelRule.Bytes.Apply(value));
        Assert.Equal(expected, PixelRule.UnitInterval.Apply(value));
    }

    [Fact]
    public void The_rules_differ_where_they_round_and_each_family_has_its_own()
    {
        Assert.Equal(PixelRule.Bytes, NetworkFamilies.Describe(TinyModel.Latents).Pixels);
        Assert.Equal(PixelRule.UnitInterval, NetworkFamilies.Describe(TinyModel.LongSkips).Pixels);
        Assert.Equal(0.18215, NetworkFamilies.Describe(TinyModel.LongSkips).LatentScale);

        // Each is exact in its own order of operations: all values of 16 bits between -1 and 1.
        int differ = 0;
        for (int i = -32768; i <= 32768; i++)
        {
            float x = (i / 32768f) + 1e-6f;
            float unit = 0.5f * (x + 1f);
            byte bytes = (byte)Math.Clamp((127.5f * x) + 128f, 0f, 255f), interval = (byte)((255f * Math.Clamp(unit, 0f, 1f)) + 0.5f);
            Assert.Equal((bytes, interval), (PixelRule.Bytes.Apply(x), PixelRule.UnitInterval.Apply(x)));
            differ += bytes == interval ? 0 : 1;
        }

        Assert.InRange(differ, 0, 64);
    }

    public void Dispose()
    {
        _model.Dispose();
        _folder.Dispose();
    }

    private float[] Decode(float[] latents, int count)
    {
        using CpuDevice device = new();
        using OpenedAutoencoder opened = OpenedAutoencoder.Open(_request.Vae!);
        using AutoencoderModel autoencoder = opened.Load(device, AutoencoderParts.Decoder);
        using ImageDecoder decoder = new(autoencoder, 1, 16, 16);
        float[] pixels = new float[count * Pixels];
        for (int i = 0; i < count; i++)
        {
            decoder.Decode(latents.AsSpan(i * Latents, Latents), pixels.AsSpan(i * Pixels, Pixels));
        }

        return pixels;
    }
}
