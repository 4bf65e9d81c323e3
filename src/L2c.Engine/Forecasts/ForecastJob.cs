using L2c.Kernels;
using L2c.Model.Caching;
using L2c.Model.Caching.Forecasts;
using L2c.Weights.Layouts;

namespace L2c;

/// <summary>Forecasts to be fitted, validated against a model and a device before weights are loaded.</summary>
public sealed class ForecastJob
{
    /// <summary>Decides.</summary>
    /// <exception cref="RequestException">Settings do not fit each other or the model, or nothing is left to forecast.</exception>
    /// <exception cref="Weights.MalformedFileException">A router or schedule is damaged or does not fit the model.</exception>
    public ForecastJob(ForecastRequest request, TransformerArchitecture architecture, DeviceChoice device)
    {
        Request = request;
        if (request.Sample.Noise is { } noise)
        {
            throw new RequestException($"{noise}: images that are held out need noise of their own; omit the file of start noise");
        }

        if (!(request.Ridge >= ForecastFit.MinRidge && double.IsFinite(request.Ridge)))
        {
            throw new RequestException($"--ridge {request.Ridge}: rounding decides below {ForecastFit.MinRidge}; give at least that");
        }

        SampleRequest sample = request.Sample with { Compare = false, KeepStates = false };
        Fitted = new SampleJob(sample with { Count = request.Images }, architecture, device);
        HeldOut = new SampleJob(sample with { Count = request.HeldOut, Seed = unchecked(sample.Seed + 1) }, architecture, device);
        if (Fitted.Cache is null)
        {
            throw new RequestException("a forecast stands in for what a schedule does not compute; give --cache RULE or --router FILE");
        }

        try
        {
            KeptBytes = Kept(Batch);
        }
        catch (ArgumentException e)
        {
            throw new RequestException($"{Fitted.Cache.Text}: {e.Message}", e);
        }
    }

    /// <summary>What was asked for.</summary>
    public ForecastRequest Request { get; }

    /// <summary>The images that weights are fitted to.</summary>
    public SampleJob Fitted { get; }

    /// <summary>The images that the forecast is tried on.</summary>
    public SampleJob HeldOut { get; }

    /// <summary>Host memory, in bytes, of the branch outputs that a batch keeps until their last reader.</summary>
    public long KeptBytes { get; }

    /// <summary>Images of the largest batch.</summary>
    public int Batch => Math.Max(Fitted.Batch, HeldOut.Batch);

    /// <summary>What fitting and trying take beside the weights.</summary>
    public MemoryDemand Demand => new("fitting the forecast", Need, Batch, Fitted.BatchOption);

    /// <summary>The same in bytes.</summary>
    internal MemoryNeed Need(Device device, int batch)
    {
        CacheSchedule forecast = ForecastFit.OnPaper(Fitted.Schedule, Request.Terms);
        MemoryNeed runs = TrajectoryRun.Need(Fitted, device, batch).Or(SampleMemory.Run(HeldOut, forecast, device, batch));
        return runs + new MemoryNeed(0, Kept(batch) + (3 * SampleMemory.Bytes(HeldOut, HeldOut.Count)));
    }

    private long Kept(int batch) => ForecastFit.KeptBytes(Fitted.Schedule, Request.Terms, Fitted.Architecture, Fitted.Guidance, batch);
}
