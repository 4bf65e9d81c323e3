using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using L2c.Model.Caching;
using L2c.Weights;
using L2c.Weights.Npy;
using L2c.Weights.Safetensors;
using SkiaSharp;

namespace L2c;

/// <summary>Writes what was sampled: each file carries the description of its content.</summary>
/// <remarks>All methods fail with an <see cref="IOException"/> where a file exists and may not be replaced, or cannot be written.</remarks>
public static class SampleFiles
{
    /// <summary>Writes a PNG of all samples with labels.</summary>
    public static void WriteGrid(string path, bool overwrite, SampleResult result) =>
        WriteGrid(path, overwrite, result.Job.Grid, result.Description, result.Picture);

    /// <summary>Writes a PNG of any pictures with labels.</summary>
    /// <param name="path">The file.</param>
    /// <param name="overwrite">Whether it may replace one.</param>
    /// <param name="grid">Where the pictures go.</param>
    /// <param name="description">What fixes their content.</param>
    /// <param name="picture">Gives them by number.</param>
    internal static void WriteGrid(string path, bool overwrite, Grid grid, JsonObject description, Func<int, RgbImage> picture) =>
        WriteSheet(path, overwrite, grid.Width, grid.Height, description, canvas => grid.Draw(canvas, picture));

    /// <summary>Writes a PNG of one sample at its own size.</summary>
    public static void WriteImage(string path, bool overwrite, SampleResult result, int image)
    {
        string text = SampleDescription.OfImage(result.Description, result.Job, image).ToJsonString(ReportJson.Options);
        AtomicFile.Write(path, overwrite, stream => PngWriter.Write(stream, result.Picture(image), SampleDescription.Key, text));
    }

    /// <summary>Writes a PNG of all samples beside those without caching.</summary>
    public static void WriteComparison(string path, bool overwrite, SampleResult result)
    {
        ComparisonSheet sheet = new(result.Job.Grid);
        JsonObject description = SampleDescription.OfComparison(result.Description);
        WriteSheet(
            path, overwrite, sheet.Width, sheet.Height, description,
            canvas => sheet.Draw(canvas, result.UncachedPicture, result.Picture));
    }

    /// <summary>Writes the samples and their labels as safetensors: <c>latents</c> [N,C,H,W] and <c>labels</c> [N].</summary>
    public static void WriteLatents(string path, bool overwrite, SampleResult result)
    {
        long[] labels = [.. result.Job.Labels.Select(label => (long)label)];
        TensorInfo[] tensors =
            [new("latents", TensorType.F32, result.Job.StateShape), new("labels", TensorType.I64, [result.Job.Count])];
        using SafetensorsWriter writer = new(path, tensors, Metadata(result), overwrite);
        WriteFloats(writer, result.Samples);
        writer.Write(MemoryMarshal.AsBytes(labels.AsSpan()));
        writer.Commit();
    }

    /// <summary>Writes the samples as npy, [N,C,H,W].</summary>
    public static void WriteNpy(string path, bool overwrite, SampleResult result) =>
        NpyFile.Write(path, TensorType.F32, result.Job.StateShape, MemoryMarshal.AsBytes(result.Samples.AsSpan()), overwrite);

    /// <summary>Writes the states after every evaluation as safetensors: <c>x_steps</c> [evaluations,N,C,H,W] and <c>timesteps</c>, what
    /// the network was given; a solver may ask it between two.</summary>
    public static void WriteStates(string path, bool overwrite, SampleResult result)
    {
        float[] timesteps = [.. result.Job.Sampler.Evaluations.Select(step => step.Time)];
        TensorInfo states = new("x_steps", TensorType.F32, [timesteps.Length, .. result.Job.StateShape]);
        TensorInfo times = new("timesteps", TensorType.F32, [timesteps.Length]);
        using SafetensorsWriter writer = new(path, [states, times], Metadata(result), overwrite);
        foreach (float[] state in result.States)
        {
            WriteFloats(writer, state);
        }

        writer.Write(MemoryMarshal.AsBytes(timesteps.AsSpan()));
        writer.Commit();
    }

    /// <summary>The schedule of a job as a file has it.</summary>
    /// <param name="job">The job.</param>
    /// <param name="asSmoothCache">Whether as SmoothCache's lists rather than as our own format.</param>
    /// <exception cref="RequestException">The schedule cannot be said in that format.</exception>
    public static byte[] ScheduleText(SampleJob job, bool asSmoothCache)
    {
        try
        {
            return asSmoothCache
                ? SmoothCacheJson.ToUtf8(job.Schedule)
                : ScheduleJson.From(job.Schedule, job.Architecture.Name, job.Sampler.Name).ToUtf8();
        }
        catch (ArgumentException e)
        {
            throw new RequestException($"--schedule-format smoothcache: {e.Message}", e);
        }
    }

    // A span of bytes has room for less than 2^31.
    private static void WriteFloats(SafetensorsWriter writer, float[] values)
    {
        const int atOnce = 1 << 26;
        for (int first = 0; first < values.Length; first += atOnce)
        {
            writer.Write(MemoryMarshal.AsBytes(values.AsSpan(first, Math.Min(atOnce, values.Length - first))));
        }
    }

    private static void WriteSheet(string path, bool overwrite, long width, long height, JsonObject description, Action<SKCanvas> draw)
    {
        string text = description.ToJsonString(ReportJson.Options);
        PictureFile.Write(path, overwrite, checked((int)width), checked((int)height), text, draw, Grid.Background);
    }

    private static Dictionary<string, string> Metadata(SampleResult result) =>
        new() { [SampleDescription.Key] = result.Description.ToJsonString(ReportJson.Options) };
}
