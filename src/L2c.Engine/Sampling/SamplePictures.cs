using System.Text.Json.Nodes;
using SkiaSharp;

namespace L2c;

/// <summary>Samples as pictures.</summary>
public static class SamplePictures
{
    /// <summary>Fails unless the pictures of a job can be drawn.</summary>
    /// <param name="job">A job whose samples need not be there yet.</param>
    /// <param name="separate">Whether every image is a picture of its own, so that no grid is drawn.</param>
    /// <exception cref="RequestException">They cannot.</exception>
    public static void Require(SampleJob job, bool separate)
    {
        if (job.Decoding is null && !SampleImage.CanShow(job.Architecture))
        {
            throw new RequestException(
                $"{job.Architecture.Name} makes {(job.Architecture.PixelSpace ? "pixels" : "latents")} of {job.Architecture.InChannels} channels; "
                + "only pixels of 1 or 3 channels, latents of 4 and, with --vae, decoded ones can be shown");
        }

        if (!job.Architecture.PixelSpace && (long)sizeof(float) * job.Count * job.ElementsPerImage > Array.MaxLength)
        {
            throw new RequestException($"--count {job.Count}: the latents do not fit in one file; sample in several runs, each with its own --seed");
        }

        if (!separate && !L2c.Grid.IsDrawable(job.Grid.Width, job.Grid.Height))
        {
            throw new RequestException($"a grid of {job.Count} images is too large to draw; use --separate");
        }

        ComparisonSheet sheet = new(job.Grid);
        if (job.Request.Compare && !L2c.Grid.IsDrawable(sheet.Width, sheet.Height))
        {
            throw new RequestException($"--compare: two grids of {job.Count} images are too large to draw; use a smaller --count");
        }
    }

    /// <summary>All samples with labels.</summary>
    internal static Picture Grid(SampleResult result)
    {
        Grid grid = result.Job.Grid;
        return Sheet(grid.Width, grid.Height, result.Description, canvas => grid.Draw(canvas, result.Picture));
    }

    /// <summary>All samples of a run that was compared beside those without caching.</summary>
    internal static Picture Comparison(SampleResult result)
    {
        ComparisonSheet sheet = new(result.Job.Grid);
        JsonObject description = SampleDescription.OfComparison(result.Description);
        return Sheet(sheet.Width, sheet.Height, description, canvas => sheet.Draw(canvas, result.UncachedPicture, result.Picture));
    }

    /// <summary>One sample of a job.</summary>
    internal static RgbImage Picture(this SampleJob job, float[] samples, int image) =>
        SampleImage.Convert(job.Architecture, samples.AsSpan(image * job.ElementsPerImage, job.ElementsPerImage));

    private static Picture Sheet(long width, long height, JsonObject description, Action<SKCanvas> draw) =>
        new(checked((int)width), checked((int)height), description.ToJsonString(ReportJson.Options), draw) { Background = L2c.Grid.Background };
}
