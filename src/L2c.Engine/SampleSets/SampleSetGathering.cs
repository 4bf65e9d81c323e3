using L2c.Weights;

namespace L2c;

/// <summary>Joins the chunks that ranks have made.</summary>
public static class SampleSetGathering
{
    /// <summary>Checks that all chunks of a folder are there and whole, and joins them; the folder stays.</summary>
    /// <param name="folder">What the ranks have written to.</param>
    /// <param name="path">The npz file.</param>
    /// <param name="overwrite">Whether it may replace a file.</param>
    /// <param name="progress">Told of every chunk.</param>
    /// <param name="cancel">Looked at before every chunk.</param>
    /// <exception cref="DirectoryNotFoundException">The folder is not there.</exception>
    /// <exception cref="RequestException">It is no such folder, or chunks are missing.</exception>
    /// <exception cref="MalformedFileException">A chunk or the settings are damaged.</exception>
    /// <exception cref="IOException">The file exists and may not be replaced, or cannot be written.</exception>
    /// <exception cref="OperationCanceledException">The task was cancelled; nothing was written.</exception>
    public static SampleSetResult Run(
        string folder, string path, bool overwrite = false, IProgress<WorkProgress>? progress = null, CancellationToken cancel = default)
    {
        AtomicFile.Probe(path, overwrite);
        var chunks = SampleSetFolder.Open(folder);
        SampleSetSettings settings = chunks.Settings;
        int missing = 0, firstMissing = 0;
        for (int chunk = 0; chunk < settings.Chunks; chunk++)
        {
            cancel.ThrowIfCancellationRequested();
            if (!chunks.Has(chunk) && missing++ == 0)
            {
                firstMissing = chunk;
            }
        }

        if (missing > 0)
        {
            (int first, int count) = SampleChunks.Of(firstMissing, settings.Images);
            throw new RequestException(
                $"{folder}: {missing} of {settings.Chunks} chunks are missing, the first with images {first} to {first + count - 1}; "
                + "run the ranks again with the same settings, then gather");
        }

        string hash = SampleSetFile.Join(chunks, path, overwrite, new TaskContext(progress, cancel));
        return new SampleSetResult(path, settings.Images, settings.Height, settings.Width, settings.Chunks, settings.Chunks, hash, IsFinished: true);
    }
}
