using L2c.Kernels;
using L2c.Model.Caching;
using L2c.Model.Networks;
using L2c.Model.Runs;
using L2c.Model.Samplers;
using L2c.Model.Training;
using L2c.Weights.Layouts;

namespace L2c;

/// <summary>What training takes, weights included, counted by the code that would allocate it.</summary>
internal static class TrainingDemand
{
    // Images of a batch on the host: as read, their noise, and what is uploaded.
    private const int ImageCopies = 3;

    /// <summary>Training of a network. A state passes through one array when it is set, written or read back.</summary>
    /// <param name="architecture">The network.</param>
    /// <param name="options">How it is trained.</param>
    /// <param name="grids">What is sampled in between, with a copy of the weights; null for nothing.</param>
    public static MemoryDemand OfNetwork(TransformerArchitecture architecture, NetworkTrainingOptions options, SampleJob? grids) => new(
        "training",
        (device, batch) =>
        {
            TrainingMemory counted = NetworkTrainingStep.Predict(
                architecture, device, batch, new TrainingPlanOptions { Recompute = options.Recompute });
            long state = WeightMemory.Tensors(architecture).Sum(), largest = WeightMemory.Tensors(architecture).Max();
            MemoryNeed training = new(counted.TotalBytes, state + largest + Images(architecture, batch), WeightMemory.Staging(device, state));
            return grids is null
                ? training
                : training + WeightMemory.Of(architecture, device) + SampleMemory.OfSampling(grids, device, grids.Batch);
        },
        options.Batch,
        "--batch");

    /// <summary>Training of a router.</summary>
    /// <param name="architecture">The frozen network.</param>
    /// <param name="options">How the router is trained.</param>
    /// <param name="imageFree">Whether the network makes the images.</param>
    /// <param name="grids">What is sampled in between; null for nothing.</param>
    public static MemoryDemand OfRouter(
        TransformerArchitecture architecture, RouterTrainingOptions options, bool imageFree, SampleJob? grids) => new(
        "training",
        (device, batch) =>
        {
            TrainingMemory counted = RouterDraw.Predict(
                architecture,
                device,
                Sampler(architecture, options),
                batch,
                new TrainingPlanOptions { Recompute = options.Recompute },
                options.Forecast);
            long largest = WeightMemory.Tensors(architecture).Max();
            MemoryNeed training = new(
                counted.TotalBytes + (imageFree ? TeacherBytes(architecture, options, device, batch) : 0),
                largest + Images(architecture, batch),
                WeightMemory.Staging(device, largest));
            return grids is null
                ? training
                : training + SampleMemory.OfSampling(grids, device, grids.Batch, options.Forecast ?? SampleGrids.Fullest(grids));
        },
        options.Batch,
        "--batch");

    private static long TeacherBytes(TransformerArchitecture architecture, RouterTrainingOptions options, Device device, int batch)
    {
        SamplerTable sampler = Sampler(architecture, options);
        var schedule = CacheSchedule.Full(sampler.Evaluations.Count, architecture.Branches);
        return DryRun.Of(architecture, device, sampler, schedule, batch, new SamplingOptions { Guidance = Guidance.None }).RunBytes;
    }

    private static SamplerTable Sampler(TransformerArchitecture architecture, RouterTrainingOptions options) =>
        SamplerCatalog.Create(NetworkFamilies.Describe(architecture), options.Steps);

    private static long Images(TransformerArchitecture architecture, int batch) =>
        (long)sizeof(float) * ImageCopies * batch * architecture.InChannels * architecture.InputSize * architecture.InputSize;
}
