using System.Text.Json.Nodes;

namespace L2c;

/// <summary>Samples as pictures.</summary>
public static class SamplePictures
{
    private static readonly string[] _panels = ["without caching", "with caching", "difference"];

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

        if (!separate && !new SampleSheet(Layout(job, compared: false)).IsDrawable)
        {
            throw new RequestException($"a grid of {job.Count} images is too large to draw; use --separate");
        }

        if (job.Request.Compare && !new SampleSheet(Layout(job, compared: true)).IsDrawable)
        {
            throw new RequestException($"--compare: three grids of {job.Count} images are too large to draw; use a smaller --count");
        }
    }

    /// <summary>All samples with labels, and how they were made.</summary>
    internal static Picture Grid(SampleResult result) => Grid(result.Job, result.Description, result.Picture);

    /// <summary>The same of samples that are no result: of a job whose network or schedule is another.</summary>
    /// <param name="job">The job.</param>
    /// <param name="description">What fixes the samples, see <see cref="SampleDescription"/>; with <c>step</c> the network is one in training.</param>
    /// <param name="picture">Gives the pictures by number.</param>
    internal static Picture Grid(SampleJob job, JsonObject description, Func<int, RgbImage> picture)
    {
        Grid grid = Layout(job, compared: false);
        SampleSheet sheet = new(grid)
        {
            Title = job.Architecture.Name + (description["step"] is { } step ? $", step {step} of its training" : ""),
            Lines = SampleCaption.Lines(job, grid, description),
        };
        return sheet.Draw(description.ToJsonString(ReportJson.Options), (_, image) => picture(image));
    }

    /// <summary>All samples of a run that was compared: without caching, with it, and how far they are apart.</summary>
    internal static Picture Comparison(SampleResult result)
    {
        Grid grid = Layout(result.Job, compared: true);
        var difference = PictureDifference.Of(result.Job.Count, result.Picture, result.UncachedPicture);
        SampleSheet sheet = new(grid)
        {
            Title = $"{result.Job.Architecture.Name}, without and with caching",
            Lines = SampleCaption.Lines(result.Job, grid, result.Description),
            Figures = SampleCaption.Figures(result, difference),
            Difference = difference,
        };
        JsonObject description = SampleDescription.OfComparison(result.Description);
        return sheet.Draw(description.ToJsonString(ReportJson.Options), (panel, image) => panel switch
        {
            0 => result.UncachedPicture(image),
            1 => result.Picture(image),
            _ => difference.Draw(result.Picture(image), result.UncachedPicture(image)),
        });
    }

    /// <summary>One sample of a job.</summary>
    internal static RgbImage Picture(this SampleJob job, float[] samples, int image) =>
        SampleImage.Convert(job.Architecture, samples.AsSpan(image * job.ElementsPerImage, job.ElementsPerImage));

    /// <summary>Where the pictures of a job go.</summary>
    /// <param name="job">A job whose samples need not be there yet.</param>
    /// <param name="compared">Whether beside those without caching and the difference.</param>
    internal static Grid Layout(SampleJob job, bool compared) =>
        new([.. job.Classes.Classes.Select(label => ClassList.Label(label, job.Architecture))], job.Count, job.PictureSide, compared ? _panels : []);
}
