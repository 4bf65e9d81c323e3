namespace L2c;

/// <summary>How fast a network is. Times are wall time from the call to its end on the device; null where it does not apply.</summary>
public sealed record BenchResult
{
    /// <summary>The network and what computed.</summary>
    public required RunFacts Facts { get; init; }

    /// <summary>"random", or the checkpoint.</summary>
    public required string Weights { get; init; }

    /// <summary>forward: B, rows of the call. sample: images of the run, each of two rows with guidance.</summary>
    public required int Batch { get; init; }

    /// <summary>sample: network calls of a run.</summary>
    public int? Evaluations { get; init; }

    /// <summary>sample: guidance scale.</summary>
    public double? CfgScale { get; init; }

    /// <summary>Of a sampling run what is reused, see <see cref="CacheChoice.Text"/>; null where nothing was said about caching.</summary>
    public string? Cache { get; init; }

    /// <summary>Runs that were measured.</summary>
    public required int Repeat { get; init; }

    /// <summary>Median time of a run; under the schedule where there is one, as all to <see cref="GraphNodes"/>.</summary>
    public required double MedianMs { get; init; }

    /// <summary>Shortest time of a run.</summary>
    public required double MinMs { get; init; }

    /// <summary>Longest time of a run.</summary>
    public required double MaxMs { get; init; }

    /// <summary>10^9 floating-point operations of a run's matrix products, two per multiply-add.</summary>
    public required double Gflop { get; init; }

    /// <summary><see cref="Gflop"/> per second in the median run.</summary>
    public required double Gflops { get; init; }

    /// <summary>Of the peak measured in this process, 0..1: multiply-adds in registers on the CPU, large matrix products on CUDA.</summary>
    public required double PeakShare { get; init; }

    /// <summary>That peak.</summary>
    public required double PeakGflops { get; init; }

    /// <inheritdoc cref="Peak.Spread"/>
    public double? PeakSpread { get; init; }

    /// <summary>Memory of this process on the host after the runs, in MiB.</summary>
    public required double ResidentMiB { get; init; }

    /// <summary>Memory of the weights on the device.</summary>
    public required long WeightBytes { get; init; }

    /// <summary>Memory of a run on the device beside the weights.</summary>
    public required long RunBytes { get; init; }

    /// <summary>CUDA with graphs: nodes of the graph of one run; null elsewhere.</summary>
    public int? GraphNodes { get; init; }

    /// <summary>forward on CUDA with graphs: those of one block beside its modulations.</summary>
    public int? LaunchesPerBlock { get; init; }

    /// <summary>
    /// forward on CUDA with graphs: median time of the blocks' matrix products alone, in a graph of their own, in turn with the pass. They are planned
    /// without bias and activation and tuned as the pass is, so each may run another algorithm than in it.
    /// </summary>
    public double? ProductsMs { get; init; }

    /// <summary>forward on CUDA with graphs: time of those products over that of the pass, round by round.</summary>
    public PairedRatio? ProductsTime { get; init; }

    /// <summary>sample with a schedule: median time of the run that computes everything, between the others.</summary>
    public double? FullMedianMs { get; init; }

    /// <summary>sample with a schedule: time over that of the full run, round by round.</summary>
    public PairedRatio? Time { get; init; }

    /// <summary>sample with a schedule: MACs over those of the full run, attention products included.</summary>
    public double? MacRatio { get; init; }

    /// <summary>sample with a schedule: the median of <see cref="Time"/> over <see cref="MacRatio"/>; 1 when time is saved as MACs are.</summary>
    public double? TimeToMacRatio { get; init; }

    /// <summary>Reading or making the weights and bringing them to the device.</summary>
    public required double LoadMs { get; init; }

    /// <summary>Planning: memory, kernels, recording.</summary>
    public required double PlanMs { get; init; }

    /// <summary>Values of the last run's result that are not finite.</summary>
    public required int NonFiniteCount { get; init; }

    /// <summary>What is known of every benchmark.</summary>
    /// <param name="model">What was measured.</param>
    /// <param name="meter">Of its device's peak.</param>
    /// <param name="batch">See <see cref="Batch"/>.</param>
    /// <param name="flops">Of one run.</param>
    /// <param name="runBytes">See <see cref="RunBytes"/>.</param>
    /// <param name="milliseconds">Of every run.</param>
    /// <param name="planMs">See <see cref="PlanMs"/>.</param>
    /// <param name="result">The last run's result.</param>
    internal static BenchResult Of(
        LoadedModel model, PeakMeter meter, int batch, long flops, long runBytes, double[] milliseconds, double planMs, float[] result)
    {
        double median = Quartiles.Of(milliseconds).Median, gflops = flops / median / 1e6;
        Peak peak = meter.Finish(gflops);
        return new BenchResult
        {
            Facts = model.Facts,
            Weights = model.Source,
            Batch = batch,
            Repeat = milliseconds.Length,
            MedianMs = Math.Round(median, 4),
            MinMs = Math.Round(milliseconds.Min(), 4),
            MaxMs = Math.Round(milliseconds.Max(), 4),
            Gflop = Math.Round(flops / 1e9, 6),
            Gflops = gflops,
            PeakShare = gflops / peak.Gflops,
            PeakGflops = peak.Gflops,
            PeakSpread = peak.Spread,
            ResidentMiB = Math.Round(Environment.WorkingSet / (double)(1 << 20), 1),
            WeightBytes = model.Network.WeightBytes,
            RunBytes = runBytes,
            LoadMs = Math.Round(model.LoadMs, 1),
            PlanMs = Math.Round(planMs, 1),
            NonFiniteCount = result.Count(value => !float.IsFinite(value)),
        };
    }
}
