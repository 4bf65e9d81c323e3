using L2c.Kernels;
using L2c.Model.Metrics.Inception;
using L2c.Weights.Layouts;

namespace L2c;

/// <summary>The features of FID, in fp32: the recipe of ADM's evaluator.</summary>
internal sealed class PoolFeatures : IDistanceFeatures
{
    private readonly InceptionModel _model;
    private readonly InceptionExtractor _extractor;

    /// <summary>Loads the network on a device of its own.</summary>
    /// <param name="path">The FID Inception network.</param>
    /// <param name="choice">The device; whatever its precision, features are fp32.</param>
    /// <param name="context">For progress and cancellation.</param>
    /// <exception cref="Weights.MalformedFileException">The file is damaged, or holds another network.</exception>
    /// <exception cref="InsufficientMemoryException">There is too little memory.</exception>
    public PoolFeatures(string path, DeviceChoice choice, TaskContext context)
    {
        int batch = Batch(choice);
        MemoryDemand demand = new("computing features", (device, images) => OnDevice(device, images), batch, null);
        _model = InceptionModel.Load(path, choice with { Precision = CudaPrecision.F32 }, demand);
        try
        {
            _extractor = new InceptionExtractor(_model, InceptionRecipe.Adm, batch, InceptionFeatures.Pool, choice.Threads, context);
        }
        catch
        {
            _model.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public string Name => InceptionExtractor.FeatureName(InceptionRecipe.Adm);

    /// <inheritdoc/>
    public int Length => InceptionStructure.PoolLength;

    /// <inheritdoc/>
    public string? FindProblem(int channels, int height, int width) => channels is 1 or InceptionStructure.Colours
        ? null
        : $"images of {channels} x {height} x {width}: features are of 1 or {InceptionStructure.Colours} channels";

    /// <summary>What the network and its batch take of a device, in fp32 whatever the device stores.</summary>
    public static MemoryNeed Resident(Device device)
    {
        int batch = device.FreeBytes is null ? MetricsRequest.CpuBatch : MetricsRequest.CudaBatch;
        long stored = InceptionNetwork.WeightBytes(device) + InceptionPass.Bytes(device, batch, InceptionFeatures.Pool);
        return new MemoryNeed(stored / device.StorageType.Size() * sizeof(float), 0);
    }

    /// <inheritdoc/>
    public MemoryNeed Need(int channels, int height, int width, int count)
    {
        long working = InceptionExtractor.Need(_model.Network.Device, _extractor.Batch, InceptionFeatures.Pool, channels * height * width).Arrays;
        return new MemoryNeed(0, working + (sizeof(double) * (long)count * Length));
    }

    /// <inheritdoc/>
    public void Extract(IImageSet images, long first, int count, double[] features)
    {
        int at = 0;
        _extractor.Extract(images, first, count, rows =>
        {
            foreach (float value in rows)
            {
                features[at++] = value;
            }
        });
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _extractor.Dispose();
        _model.Dispose();
    }

    private static int Batch(DeviceChoice choice) => choice.Ordinal is null ? MetricsRequest.CpuBatch : MetricsRequest.CudaBatch;

    private static MemoryNeed OnDevice(Device device, int images) => new(InceptionPass.Bytes(device, images, InceptionFeatures.Pool), 0);
}
