using System.Globalization;
using L2c.Model;
using L2c.Model.Networks;
using L2c.Model.Planning;
using L2c.Model.Randomness;
using L2c.Weights.Layouts;

namespace L2c;

/// <summary>A request validated against a model and a device.</summary>
public sealed class PlanJob
{
    /// <summary>Decides.</summary>
    /// <param name="request">What was asked for.</param>
    /// <param name="architecture">The model.</param>
    /// <param name="device">Where it will run.</param>
    /// <exception cref="RequestException">Settings do not fit each other or the model.</exception>
    public PlanJob(PlanRequest request, TransformerArchitecture architecture, DeviceChoice device)
    {
        if (!(request.Budget is > 0 and <= 1))
        {
            throw new RequestException(string.Create(
                CultureInfo.InvariantCulture, $"--budget {request.Budget} is not a share of the uncached time; give a number above 0 and at most 1"));
        }

        if (!device.Graph)
        {
            throw new RequestException("--graph off does not record the run, and a plan is made from a recorded one; omit it");
        }

        Request = request;
        Sample = new SampleJob(request.Sample.OfOneBatch() with { Cache = new CacheRequest() }, architecture, device);
        if (Sample.Sampler.Evaluations.Count < 2)
        {
            throw new RequestException($"--steps {request.Sample.Steps} makes one evaluation, which has none before it to reuse; give at least 2");
        }

        ErrorBatch = Math.Min(Sample.Batch, request.Count);
        Classes = request.Sample.Classes is null && architecture.NumClasses > 0
            ? Enumerable.Range(0, FirstToCheck + request.CheckCount).Select(i => Spread(i, architecture.NumClasses)).ToArray()
            : Sample.Classes.Classes;
    }

    /// <summary>What was asked for.</summary>
    public PlanRequest Request { get; }

    /// <summary>A batch without caching: what is timed.</summary>
    public SampleJob Sample { get; }

    /// <summary>Images that errors are measured on: whole batches of <see cref="ErrorBatch"/>.</summary>
    public int Count => (Request.Count + ErrorBatch - 1) / ErrorBatch * ErrorBatch;

    /// <summary>The first image that schedules are chosen by, <see cref="Count"/> of them: others than those that forecasts are fitted to, which would
    /// be flattered.</summary>
    internal int FirstToChoose => Count;

    /// <summary>The first image that the chosen one is checked on.</summary>
    internal int FirstToCheck => 2 * Count;

    /// <summary>Images of a batch while errors are measured.</summary>
    public int ErrorBatch { get; }

    /// <summary>The classes of the images, in turn.</summary>
    internal IReadOnlyList<int> Classes { get; }

    /// <summary>What planning takes beside the weights.</summary>
    public MemoryDemand Demand => new(
        "planning",
        (device, batch) =>
        {
            int images = Math.Min(batch, Request.Count);
            using Network onPaper = NetworkFamilies.OnPaper(Sample.Architecture, device, WeightUse.Inference);
            int evaluations = Sample.Sampler.Evaluations.Count;
            MemoryNeed probe = new(
                DecisionProbe.DeviceBytes(onPaper, Sample.Sampler, images, Sample.Options),
                DecisionProbe.HostBytes(evaluations, Sample.Architecture.Branches) + (evaluations * SampleMemory.Bytes(Sample, images)));
            return probe.Or(SampleMemory.OfPlanning(Sample, PlanSchedules.TimeCalibration(Sample), device, batch));
        },
        Sample.Batch,
        "--batch");

    /// <summary>Class of every image of a batch.</summary>
    /// <param name="first">Its first image.</param>
    /// <param name="images">How many.</param>
    internal int[] Labels(int first, int images) => [.. Enumerable.Range(first, images).Select(i => Classes[i % Classes.Count])];

    /// <summary>Noise of the batch that starts with an image; draws may be asked for in any order.</summary>
    internal INoiseSource Noise(int first) => new CounterNoiseSource(Request.Sample.Seed, first);

    // Multiples of the golden section fill [0, 1) evenly, however many there are.
    private static int Spread(int image, int classes) => (int)(image * 0.618033988749895 % 1 * classes);
}
