using System.Text.Json.Nodes;

namespace L2c;

/// <summary>Times of a sampling task: wall time in milliseconds.</summary>
/// <param name="StartMs">From the start of the process to the start of the first evaluation.</param>
/// <param name="SampleMs">Planning and all evaluations.</param>
/// <param name="PlanMs">Planning the run of a full batch; part of <paramref name="SampleMs"/>.</param>
/// <param name="EvaluationMs">Median over full batches of a batch's time per evaluation, whether it computes or reuses.</param>
public sealed record SampleTimes(double StartMs, double SampleMs, double PlanMs, double EvaluationMs);

/// <summary>Samples, and what is known of how they were made.</summary>
/// <param name="Job">What was done.</param>
/// <param name="Samples">[N,C,H,W]: pixels in about [-1, 1], or latents.</param>
/// <param name="States">Per evaluation the state after it, [N,C,H,W]; empty unless asked for.</param>
/// <param name="Facts">The network and what computed.</param>
/// <param name="Memory">Of the run.</param>
/// <param name="Cost">What the schedule saves; null where nothing was said about caching.</param>
/// <param name="Comparison">Against no caching; null unless asked for.</param>
/// <param name="Times">How long it took.</param>
/// <param name="Description">What fixes the samples: what files of them carry, see <see cref="SampleDescription"/>.</param>
public sealed record SampleResult(
    SampleJob Job,
    float[] Samples,
    IReadOnlyList<float[]> States,
    RunFacts Facts,
    RunMemory Memory,
    CacheCost? Cost,
    Comparison? Comparison,
    SampleTimes Times,
    JsonObject Description)
{
    /// <summary>The samples decoded; null where the job has no <see cref="SampleJob.Decoding"/>.</summary>
    public DecodedSamples? Decoded { get; init; }

    /// <summary>Values of the samples that are not finite: none unless the model or the noise is broken.</summary>
    public int NonFiniteCount => Samples.Count(value => !float.IsFinite(value));

    /// <summary>One sample as a picture: pixels as its network's authors make them; of latents that were not decoded a preview
    /// (<see cref="SampleJob.IsPreview"/>).</summary>
    /// <param name="image">0 .. N - 1.</param>
    public RgbImage Picture(int image) => Decoded?.Images[image] ?? Job.Picture(Samples, image);

    /// <summary>The same without caching.</summary>
    /// <param name="image">0 .. N - 1.</param>
    /// <exception cref="InvalidOperationException">The run was not compared.</exception>
    public RgbImage UncachedPicture(int image) => Comparison is { } comparison
        ? Decoded?.Uncached?[image] ?? Job.Picture(comparison.Uncached, image)
        : throw new InvalidOperationException("the run was not compared with one that computes everything");

    /// <summary>Writes all samples as one labelled picture.</summary>
    /// <param name="path">A PNG file.</param>
    /// <param name="overwrite">Whether it may replace a file.</param>
    /// <exception cref="IOException">The file exists and may not be replaced, or cannot be written.</exception>
    /// <exception cref="RequestException">There are too many samples for one picture, or none can be shown.</exception>
    public void WritePng(string path, bool overwrite = false)
    {
        SamplePictures.Require(Job, separate: false);
        SampleFiles.WriteGrid(path, overwrite, this);
    }
}
