using L2c.Kernels;
using L2c.Model.Autoencoder;
using L2c.Testing;

namespace L2c.Model.Tests.Autoencoder;

/// <summary>Encoder and decoder as plans: independent of batch and threads, replayed as enqueued, in the memory that was counted.</summary>
public sealed class ImageCoderTests
{
    private const int Side = 8, Latent = 4 * Side * Side, Pixels = 3 * 64 * Side * Side, Moments = 2 * Latent;

    [Fact]
    public void Images_do_not_depend_on_batch_threads_or_recording()
    {
        float[] latents = RandomVae.Values(1, 3 * Latent), images = Decode(1, 3, record: true);
        Assert.All(images, value => Assert.True(float.IsFinite(value)));
        Assert.NotEqual(images[..Pixels], images[Pixels..(2 * Pixels)]);
        Assert.Equal(images, Decode(2, 2, record: true));
        Assert.Equal(images, Decode(3, 1, record: false));

        float[] Decode(int threads, int batch, bool record)
        {
            using CpuDevice device = new(threads);
            using AutoencoderModel model = RandomVae.Load(device, AutoencoderParts.Decoder);
            using ImageDecoder decoder = new(model, batch, Side, Side, record: record);
            float[] decoded = new float[3 * Pixels];
            for (int first = 0; first < 3; first += batch)
            {
                int count = Math.Min(batch, 3 - first);
                decoder.Decode(latents.AsSpan(first * Latent, count * Latent), decoded.AsSpan(first * Pixels, count * Pixels));
            }

            return decoded;
        }
    }

    [Fact]
    public void Moments_do_not_depend_on_batch_threads_or_recording()
    {
        float[] images = RandomVae.Values(2, 3 * Pixels), moments = Encode(1, 3, record: true);
        Assert.NotEqual(moments[..Moments], moments[Moments..(2 * Moments)]);
        Assert.Equal(moments, Encode(2, 2, record: true));
        Assert.Equal(moments, Encode(3, 1, record: false));

        float[] Encode(int threads, int batch, bool record)
        {
            using CpuDevice device = new(threads);
            using AutoencoderModel model = RandomVae.Load(device, AutoencoderParts.Encoder);
            using ImageEncoder encoder = new(model, batch, 8 * Side, 8 * Side, record);
            float[] encoded = new float[3 * Moments];
            for (int first = 0; first < 3; first += batch)
            {
                int count = Math.Min(batch, 3 - first);
                encoder.Encode(images.AsSpan(first * Pixels, count * Pixels), encoded.AsSpan(first * Moments, count * Moments));
            }

            return encoded;
        }
    }

    [Fact]
    public void What_is_counted_on_paper_is_what_is_taken()
    {
        using CpuDevice device = new(1);
        using AutoencoderModel paper = AutoencoderModel.Load(TinyModel.Autoencoder, null, device, AutoencoderParts.Both);
        long decoding = ImageDecoder.CountBytes(paper, 2, Side, 2 * Side).Bytes, encoding = ImageEncoder.CountBytes(paper, 3, 8 * Side, 16 * Side);
        Assert.Equal(0, device.AllocatedBytes);
        using AutoencoderModel model = RandomVae.Load(device);
        Assert.Equal((paper.WeightBytes, paper.WeightBytes), (model.WeightBytes, device.AllocatedBytes));
        using (ImageDecoder decoder = new(model, 2, Side, 2 * Side))
        {
            Assert.Equal((decoding, decoding), (decoder.Bytes, device.AllocatedBytes - model.WeightBytes));
        }

        using (ImageEncoder encoder = new(model, 3, 8 * Side, 16 * Side))
        {
            Assert.Equal((encoding, encoding), (encoder.Bytes, device.AllocatedBytes - model.WeightBytes));
        }

        Assert.Equal(model.WeightBytes, device.AllocatedBytes);
    }

    /// <summary>At the widest place of the decoder a level's input, twice its side, and what the convolution makes of it: no more is alive.</summary>
    [Fact]
    public void Memory_is_that_of_the_widest_place()
    {
        using CpuDevice device = new(1);
        var full = TinyModel.Autoencoder with { Channels = 128, ChannelMultipliers = [1, 2, 4, 4], ResBlocks = 2 };
        using AutoencoderModel paper = AutoencoderModel.Load(full, null, device, AutoencoderParts.Decoder);
        long widest = 256L * 512 * 512 * sizeof(float), ends = sizeof(float) * ((4L * 64 * 64) + (3L * 512 * 512));
        Assert.InRange(ImageDecoder.CountBytes(paper, 1, 64, 64).Bytes, (2 * widest) + ends, (long)(2.3 * widest));
        Assert.InRange(ImageDecoder.CountBytes(paper, 1, 64, 64, tile: 32).Bytes, 0, (long)(2.3 * widest / 4));
        Assert.Equal(ImageDecoder.CountBytes(paper, 1, 32, 32, tile: 32).Bytes, ImageDecoder.CountBytes(paper, 1, 512, 512, tile: 32).Bytes);
    }

    [Fact]
    public void A_replay_allocates_nothing()
    {
        using CpuDevice device = new(2);
        using AutoencoderModel model = RandomVae.Load(device);
        using ImageDecoder whole = new(model, 1, Side, Side), tiled = new(model, 1, Side, Side + 4, tile: Side);
        using ImageEncoder encoder = new(model, 1, 8 * Side, 8 * Side);
        float[] latents = RandomVae.Values(3, Latent), image = new float[Pixels], moments = new float[Moments];
        float[] wide = RandomVae.Values(3, Latent * 3 / 2), wideImage = new float[Pixels * 3 / 2];
        TeamAllocations.AssertNone(device, () => whole.Decode(latents, image));
        TeamAllocations.AssertNone(device, () => tiled.Decode(wide, wideImage));
        TeamAllocations.AssertNone(device, () => encoder.Encode(image, moments));
    }

    [Fact]
    public void A_single_tile_is_the_whole_image()
    {
        using CpuDevice device = new(2);
        using AutoencoderModel model = RandomVae.Load(device, AutoencoderParts.Decoder);
        float[] latents = RandomVae.Values(4, Latent);
        Assert.Equal(Decode(ImageDecoder.DefaultTile), Decode(Side));

        float[] Decode(int tile)
        {
            using ImageDecoder decoder = new(model, 1, Side, Side, tile);
            Assert.Equal((1, 0L), (decoder.Tiles, decoder.HostBytes));
            float[] image = new float[Pixels];
            decoder.Decode(latents, image);
            return image;
        }
    }

    /// <summary>Against tiles decoded one by one and mixed by the documented formula; so a seam is as soft as that formula.</summary>
    [Fact]
    public void Tiles_fade_into_each_other_as_documented()
    {
        const int width = 20, factor = 8, fade = 16; // tiles from latents 0, 6 and 12 on, fading over pixels 48 to 64 and 96 to 112
        using CpuDevice device = new(2);
        using AutoencoderModel model = RandomVae.Load(device, AutoencoderParts.Decoder);
        float[] latents = RandomVae.Values(5, 2 * 4 * Side * width), image = new float[2 * 3 * factor * Side * factor * width];
        int told = 0;
        using (ImageDecoder decoder = new(model, 2, Side, width, Side))
        {
            Assert.Equal(3, decoder.Tiles);
            Assert.Equal((decoder.Bytes, decoder.HostBytes), ImageDecoder.CountBytes(model, 2, Side, width, Side));
            decoder.Decode(latents, image, () => told++);
            Assert.Equal(3, told);
        }

        float[][] tiles = [.. new[] { 0, 6, 12 }.Select(Tile)];
        double seam = 0, apart = 0;
        for (int i = 0; i < image.Length; i++)
        {
            int row = i / (factor * width), x = i % (factor * width);
            float At(int tile) => tiles[tile][(row * factor * Side) + x - (48 * tile)];
            double share = Math.Clamp((x % 48 + 0.5) / fade, 0, 1);
            double expected = x / 48 is 0 or 3 ? At(x / 48 == 0 ? 0 : 2) : ((1 - share) * (share < 1 ? At((x / 48) - 1) : 0)) + (share * At(x / 48));
            Assert.Equal(expected, image[i], 1e-5);
            if (x is 47 or 95)
            {
                // Where the next tile begins to count: the step to the next pixel is that of the tile, and 1/32 of the difference to the next one.
                double next = image[i + 1] - At(x / 48), own = tiles[x / 48][(row * factor * Side) + x + 1 - (48 * (x / 48))] - At(x / 48);
                seam = Math.Max(seam, Math.Abs(next - own));
                apart = Math.Max(apart, Math.Abs(tiles[(x / 48) + 1][row * factor * Side] - tiles[x / 48][(row * factor * Side) + 48]));
            }
        }

        Assert.InRange(seam, 0, (apart / 32) + 1e-5);
        Assert.True(apart > 0.01, "the tiles do not differ");

        float[] Tile(int first)
        {
            float[] cut = [.. Enumerable.Range(0, 2 * 4 * Side).SelectMany(row => latents[((row * width) + first)..((row * width) + first + Side)])];
            float[] decoded = new float[2 * Pixels];
            using ImageDecoder decoder = new(model, 2, Side, Side);
            decoder.Decode(cut, decoded);
            return decoded;
        }
    }

    [Fact]
    public void Latents_are_drawn_from_clamped_moments()
    {
        float[] latents = new float[4];
        LatentMoments.Sample([1, 2, 0, -100, 3, 4, 200, 2], [1, 1, 2, -1], 0.5, 2, latents);
        Assert.Equal(0.5 * (1 + 1), latents[0], 1e-6);
        Assert.Equal(0.5 * (2 + Math.Exp(-15)), latents[1], 1e-6);
        Assert.Equal(0.5 * (3 + (2 * Math.Exp(10))), latents[2], 0.01);
        Assert.Equal(0.5 * (4 - Math.E), latents[3], 1e-6);
        Assert.Throws<ArgumentException>(() => LatentMoments.Sample([1, 2], [1, 2], 1, 1, latents));
    }

    [Fact]
    public void What_does_not_fit_is_refused()
    {
        using CpuDevice device = new(1);
        AutoencoderModel model = RandomVae.Load(device, AutoencoderParts.Decoder);
        using ImageDecoder decoder = new(model, 2, Side, Side);
        Assert.Throws<ArgumentException>(() => decoder.Decode(new float[Latent], new float[2 * Pixels]));
        Assert.Throws<ArgumentException>(() => decoder.Decode(new float[3 * Latent], new float[3 * Pixels]));
        Assert.Throws<ArgumentException>(() => decoder.Decode([], []));
        Assert.Throws<InvalidOperationException>(() => new ImageEncoder(model, 1, 64, 64));
        Assert.Throws<ArgumentException>(() => new ImageEncoder(model, 1, 60, 64));
        Assert.Contains(
            "48 channels is not a multiple of the 32 groups",
            AutoencoderModel.FindProblem(TinyModel.Autoencoder with { Channels = 48 }), StringComparison.Ordinal);
        model.Dispose();
        Assert.Throws<ObjectDisposedException>(() => decoder.Decode(new float[Latent], new float[Pixels]));
        Assert.Equal(decoder.Bytes, device.AllocatedBytes);
    }
}
