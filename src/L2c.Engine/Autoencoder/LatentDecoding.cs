using System.Diagnostics;
using L2c.Kernels;
using L2c.Model.Autoencoder;
using L2c.Model.Networks;
using L2c.Weights;
using L2c.Weights.Layouts;

namespace L2c;

/// <summary>How a job's latents become pictures: by which autoencoder, known to fit, and in what portions.</summary>
public sealed class LatentDecoding
{
    // What the largest tile takes anyway.
    private const int CellsAtOnce = ImageDecoder.DefaultTile * ImageDecoder.DefaultTile;

    private readonly string _path;
    private readonly NetworkInfo _network;
    private readonly int _count;
    private readonly bool _records;

    private LatentDecoding(string path, VaeArchitecture autoencoder, NetworkInfo network, int tile, int count, bool records)
    {
        (_path, Autoencoder, _network, Tile, _count, _records) = (path, autoencoder, network, tile, count, records);

        // Portions of equal size: a pass has room for all of its images and computes it whole.
        int cells = Math.Min(Tile, network.Architecture.InputSize), atOnce = Math.Max(1, CellsAtOnce / (cells * cells));
        int passes = (count + atOnce - 1) / atOnce;
        Batch = (count + passes - 1) / passes;
        Tiles = ImageDecoder.TilesOf(network.Architecture.InputSize, network.Architecture.InputSize, tile);
    }

    /// <summary>The autoencoder.</summary>
    public VaeArchitecture Autoencoder { get; }

    /// <summary>Side of a tile in latents.</summary>
    public int Tile { get; }

    /// <summary>Tiles of an image; 1 where it is decoded whole.</summary>
    public int Tiles { get; }

    /// <summary>Whether images are decoded in tiles.</summary>
    public bool IsTiled => Tiles > 1;

    /// <summary>Images decoded together.</summary>
    public int Batch { get; }

    /// <summary>Side of a picture in pixels.</summary>
    public int Side => Autoencoder.Downsampling * _network.Architecture.InputSize;

    private int LatentElements => Autoencoder.LatentChannels * _network.Architecture.InputSize * _network.Architecture.InputSize;

    private int PixelElements => checked(Autoencoder.OutChannels * Side * Side);

    private int Passes => (_count + Batch - 1) / Batch;

    /// <summary>Looks into the file that a request names; null where it names none.</summary>
    /// <exception cref="RequestException">Settings do not fit each other or the network.</exception>
    /// <exception cref="MalformedFileException">The file is damaged, holds something else, or another network's autoencoder.</exception>
    /// <exception cref="IOException">The file is not there.</exception>
    internal static LatentDecoding? Choose(SampleRequest request, TransformerArchitecture network, int count, bool records)
    {
        if (request.Vae is not { } path)
        {
            return request.VaeTile is null
                ? null
                : throw new RequestException($"--vae-tile {request.VaeTile}: nothing is decoded; give --vae FILE, or omit it");
        }

        if (network.PixelSpace)
        {
            throw new RequestException($"--vae {path}: {network.Name} makes pixels, which need no decoder; omit it");
        }

        if (request.VaeTile < ImageDecoder.SmallestTile)
        {
            throw new RequestException($"--vae-tile {request.VaeTile}: tiles have at least {ImageDecoder.SmallestTile} latents a side");
        }

        using OpenedAutoencoder opened = OpenedAutoencoder.Open(path);
        NetworkInfo info = NetworkFamilies.Describe(network);
        return FindMisfit(opened.Architecture, info) is { } misfit
            ? throw new MalformedFileException(path, $"{misfit}; give the autoencoder that {network.Name} was trained with")
            : new LatentDecoding(path, opened.Architecture, info, request.VaeTile ?? ImageDecoder.DefaultTile, count, records);
    }

    /// <summary>Brings the decoder to a device.</summary>
    /// <exception cref="MalformedFileException">The file is damaged, or is another than when it was looked into.</exception>
    internal AutoencoderModel Load(Device device)
    {
        using OpenedAutoencoder opened = OpenedAutoencoder.Open(_path);
        return opened.Architecture.ToJson() == Autoencoder.ToJson()
            ? opened.Load(device, AutoencoderParts.Decoder)
            : throw new MalformedFileException(_path, "has changed since it was first read; run again");
    }

    /// <summary>Plans the decoder for the portions of this job.</summary>
    internal ImageDecoder Plan(AutoencoderModel model)
    {
        int side = _network.Architecture.InputSize;
        return new ImageDecoder(model, Batch, side, side, Tile, _records);
    }

    /// <summary>Decodes all samples.</summary>
    /// <param name="decoder">See <see cref="Plan"/>.</param>
    /// <param name="samples">[n,C,H,W], n at most the number that the job keeps.</param>
    /// <param name="uncached">The same without caching, or null.</param>
    /// <param name="context">For progress and cancellation.</param>
    /// <exception cref="OperationCanceledException">The task was cancelled.</exception>
    internal DecodedSamples Decode(ImageDecoder decoder, float[] samples, float[]? uncached, TaskContext context)
    {
        long began = Stopwatch.GetTimestamp();
        int sets = uncached is null ? 1 : 2;
        Action step = context.Begin($"decoding {_count * sets} {(_count * sets == 1 ? "image" : "images")}", sets * Passes * Tiles);
        float[] pixels = new float[Batch * PixelElements];
        RgbImage[] images = Pictures(samples);
        RgbImage[]? others = uncached is null ? null : Pictures(uncached);
        return new DecodedSamples(images, others, Math.Round(Stopwatch.GetElapsedTime(began).TotalMilliseconds, 3), decoder.Bytes);

        RgbImage[] Pictures(float[] latents)
        {
            var pictures = new RgbImage[latents.Length / LatentElements];
            for (int first = 0; first < pictures.Length; first += Batch)
            {
                int count = Math.Min(Batch, pictures.Length - first);
                decoder.Decode(latents.AsSpan(first * LatentElements, count * LatentElements), pixels.AsSpan(0, count * PixelElements), AfterTile);
                for (int i = 0; i < count; i++)
                {
                    ReadOnlySpan<float> image = pixels.AsSpan(i * PixelElements, PixelElements);
                    pictures[first + i] = SampleImage.OfPixels(_network.Pixels, Autoencoder.OutChannels, Side, Side, image);
                }
            }

            return pictures;
        }

        void AfterTile()
        {
            step();
            context.Cancel.ThrowIfCancellationRequested();
        }
    }

    /// <summary>What stays for the whole task: the decoder's weights and the pictures.</summary>
    internal MemoryNeed Kept(Device device, bool compares) =>
        new(OpenedAutoencoder.Loading(Autoencoder, device, AutoencoderParts.Decoder).Device, (compares ? 2 : 1) * 3L * _count * Side * Side);

    /// <summary>Bringing the decoder to a device, beside its weights there.</summary>
    internal MemoryNeed Loading(Device device) => OpenedAutoencoder.Loading(Autoencoder, device, AutoencoderParts.Decoder) with { Device = 0 };

    /// <summary>A pass of the decoder.</summary>
    internal MemoryNeed Pass(Device device)
    {
        using AutoencoderModel counted = AutoencoderModel.Load(Autoencoder, null, device, AutoencoderParts.Decoder);
        int side = _network.Architecture.InputSize;
        (long bytes, long hostBytes) = ImageDecoder.CountBytes(counted, Batch, side, side, Tile);
        long pixels = (long)sizeof(float) * Batch * PixelElements;

        // Algorithms of products are tried on operands of their own.
        long trials = device.FreeBytes is null
            ? 0
            : ImageDecoder.ListOps(counted, Batch, side, side, Tile).Where(op => op.Flops > 0).Max(op => op.Bytes);
        return new MemoryNeed(bytes + trials, pixels + hostBytes, WeightMemory.Staging(device, pixels));
    }

    private static string? FindMisfit(VaeArchitecture autoencoder, NetworkInfo network)
    {
        int channels = network.Architecture.InChannels;
        return autoencoder.LatentChannels != channels
            ? $"decodes latents of {autoencoder.LatentChannels} channels, but {network.Architecture.Name} makes {channels}"
            : autoencoder.OutChannels is not (1 or 3) ? $"decodes to {autoencoder.OutChannels} channels, and pictures have 1 or 3"
            : autoencoder.LatentScale != network.LatentScale
                ? $"scales latents by {autoencoder.LatentScale}, but {network.Architecture.Name} makes those scaled by {network.LatentScale}"
            : null;
    }
}
