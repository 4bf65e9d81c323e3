using L2c.Kernels;
using L2c.Model.Autoencoder;
using L2c.Model.Training.Data;
using L2c.Weights.Layouts;

namespace L2c;

/// <summary>A request validated against an autoencoder, before its weights are loaded.</summary>
internal sealed class EncodeJob
{
    // A picture and its mirror image are rows enough for the products of the CPU, and stay nearest to its caches. CUDA: not measured.
    private const int CpuBatch = 1, CudaBatch = 8;

    private readonly DeviceChoice _choice;

    /// <summary>Decides.</summary>
    /// <exception cref="RequestException">The autoencoder takes other images, or gives no moments; or no array holds a shard.</exception>
    public EncodeJob(EncodeRequest request, VaeArchitecture architecture, DeviceChoice choice)
    {
        (Request, Architecture, _choice) = (request, architecture, choice);
        if (architecture.InChannels != PictureChannels || !architecture.DoubleZ)
        {
            throw new RequestException(
                $"{request.Autoencoder}: encodes {architecture.InChannels} channels{(architecture.DoubleZ ? "" : " without variances")}; "
                + "give an autoencoder for RGB pictures that yields means and variances");
        }

        if (request.ImageSize % architecture.Downsampling > 0)
        {
            int cell = architecture.Downsampling;
            throw new RequestException($"--image-size {request.ImageSize}: a latent cell is {cell} pixels wide; give a multiple of {cell}");
        }

        Batch = request.Batch ?? (choice.Ordinal is null ? CpuBatch : CudaBatch);
        int cells = request.ImageSize / architecture.Downsampling;
        LatentShape = [architecture.LatentChannels, cells, cells];
        long itemBytes = ShardBuffer.BytesOf(ItemShape, request.StoredType);
        if (request.ShardSize * itemBytes > Array.MaxLength)
        {
            throw new RequestException($"--shard-size {request.ShardSize}: a file is made in memory; give at most {Array.MaxLength / itemBytes}");
        }
    }

    /// <summary>Red, green, blue.</summary>
    public static int PictureChannels => 3;

    /// <summary>What was asked for.</summary>
    public EncodeRequest Request { get; }

    /// <summary>The autoencoder.</summary>
    public VaeArchitecture Architecture { get; }

    /// <summary>Pictures encoded together.</summary>
    public int Batch { get; }

    /// <summary>Images encoded together.</summary>
    public int Rows => Batch * Request.Views;

    /// <summary>[C,h,h].</summary>
    public int[] LatentShape { get; }

    /// <summary>What is stored of a picture, [views,2C,h,h].</summary>
    public long[] ItemShape => [Request.Views, 2 * LatentShape[0], LatentShape[1], LatentShape[2]];

    /// <summary>Squares that are decoded while others are encoded.</summary>
    public int Ahead => (2 * Batch) + Threads;

    /// <summary>Threads that decode.</summary>
    public int Threads => _choice.Threads == 0 ? Environment.ProcessorCount : _choice.Threads;

    /// <summary>What the task takes beside the weights.</summary>
    public MemoryDemand Demand => new("encoding", Need, Batch, "--batch", "free some memory or use a smaller --shard-size");

    /// <summary>What decides the content of the shards. On the CPU the batch does not.</summary>
    /// <param name="autoencoder">SHA-256 of its file.</param>
    /// <param name="facts">What computes.</param>
    public LatentSettings Settings(string autoencoder, RunFacts facts) => new(
        autoencoder,
        Request.ImageSize,
        Request.Views,
        Request.StoredType.ToString(),
        Request.ShardSize,
        facts.IsCuda ? $"{facts.Device}, {facts.Dtype}, batch {Batch}" : $"cpu, {facts.Isa}, {facts.Dtype}");

    private MemoryNeed Need(Device device, int batch)
    {
        int rows = batch * Request.Views, size = Request.ImageSize;
        using AutoencoderModel counted = AutoencoderModel.Load(Architecture, null, device, AutoencoderParts.Encoder);
        long square = (long)size * size, images = rows * square * PictureChannels * sizeof(float);
        long shard = Request.ShardSize * ShardBuffer.BytesOf(ItemShape, Request.StoredType);

        // Of each thread a file and its pixels, which the decoder has outside the heap; what is larger comes on top, once.
        MemoryNeed decoding = new(0, Threads * PictureQueue.LargeBytes, Threads * PictureQueue.LargePixels * sizeof(uint));
        return decoding + new MemoryNeed(
            ImageEncoder.CountBytes(counted, rows, size, size),
            images + shard + (Ahead * square * sizeof(uint)),
            WeightMemory.Staging(device, images));
    }
}
