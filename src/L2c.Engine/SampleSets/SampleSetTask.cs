using L2c.Weights;
using L2c.Weights.Storage;

namespace L2c;

/// <summary>Makes a set, or a rank's chunks of it, from wherever an earlier task has come to.</summary>
/// <param name="opened">The model, whose weights are read only if a chunk is missing.</param>
/// <param name="job">What to make.</param>
/// <param name="context">For progress and cancellation.</param>
internal sealed class SampleSetTask(OpenedModel opened, SampleSetJob job, TaskContext context)
{
    private SampleSetRequest Request => job.Request;

    /// <summary>Runs.</summary>
    public SampleSetResult Run() => Request.Ranks is { } ranks ? RunRank(ranks) : RunAlone();

    private SampleSetResult RunRank(int ranks)
    {
        if (Request.Overwrite)
        {
            throw new RequestException($"--force would delete the chunks of other ranks; remove {Request.Out} to start over");
        }

        // Chunks are for all ranks; only two processes of one rank would do the same work.
        using FolderLock own = WorkFolder.Take(Path.Combine(Request.Out, $"rank-{Request.Rank}-of-{ranks}"));
        own.RemoveIfEmpty();
        var folder = SampleSetFolder.Settle(Request.Out, Settings(), anew: false);
        bool isFinished = TryMake(folder);
        return Result(folder, Request.Out, isFinished);
    }

    private SampleSetResult RunAlone()
    {
        SampleSetSettings? written = File.Exists(Request.Out) ? SampleSetFile.SettingsIn(Request.Out) : null;
        if (written is null)
        {
            AtomicFile.Probe(Request.Out, Request.Overwrite);
        }

        Folders.RequireOwn(Request.Folder);
        SampleSetSettings settings = Settings();
        if (written is not null && settings.DifferenceTo(written) is null)
        {
            // A task before this one may have been killed while it tidied up.
            TidyUp(settings);
            return Done(settings, FileHash.Sha256(Request.Out, context.Cancel));
        }

        AtomicFile.Probe(Request.Out, Request.Overwrite);
        using FolderLock own = WorkFolder.Take(Request.Folder);
        var folder = SampleSetFolder.Settle(Request.Folder, settings, Request.Overwrite);
        if (!TryMake(folder))
        {
            return Result(folder, Request.Folder, isFinished: false);
        }

        try
        {
            if (Join(folder) is not { } hash)
            {
                return Result(folder, Request.Folder, isFinished: false);
            }

            SampleSetFolder.Delete(Request.Folder);
            own.RemoveIfEmpty();
            return Done(settings, hash);
        }
        catch (OperationCanceledException)
        {
            return Result(folder, Request.Folder, isFinished: false);
        }
    }

    /// <returns>SHA-256 of the file; null where a chunk was damaged and could not be made again before the task was cancelled.</returns>
    private string? Join(SampleSetFolder folder)
    {
        try
        {
            return SampleSetFile.Join(folder, Request.Out, Request.Overwrite, context);
        }
        catch (MalformedFileException)
        {
            // Once: a disk that damages them again ends the task.
            for (int chunk = 0; chunk < folder.Settings.Chunks; chunk++)
            {
                context.Cancel.ThrowIfCancellationRequested();
                if (folder.DeleteIfDamaged(chunk))
                {
                    context.Remark($"warning: {folder.Path}: {SampleChunks.FileName(chunk)} was damaged and is made again");
                }
            }

            return TryMake(folder) ? SampleSetFile.Join(folder, Request.Out, Request.Overwrite, context) : null;
        }
    }

    private void TidyUp(SampleSetSettings settings)
    {
        if (!Directory.Exists(Request.Folder) || !SampleSetFolder.IsOf(Request.Folder, settings))
        {
            return;
        }

        using FolderLock own = WorkFolder.Take(Request.Folder);
        if (SampleSetFolder.IsOf(Request.Folder, settings))
        {
            SampleSetFolder.Delete(Request.Folder);
            own.RemoveIfEmpty();
        }
    }

    private SampleSetSettings Settings() => SampleSetSettings.Of(job.Sample, opened.Source, opened.WeightSet, context.Cancel);

    /// <returns>Whether all chunks of this process are there; otherwise the task was cancelled.</returns>
    private bool TryMake(SampleSetFolder folder)
    {
        if (job.Chunks.All(folder.Has))
        {
            return true;
        }

        try
        {
            using LoadedModel model = opened.Load(job.Sample.Device, demand: job.Sample.Demand);
            folder.Begin();
            model.MakeChunks(job, folder, context);
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    private SampleSetResult Done(SampleSetSettings settings, string hash) => new(
        Request.Out, settings.Images, settings.Height, settings.Width, settings.Chunks, settings.Chunks, hash, IsFinished: true);

    private static SampleSetResult Result(SampleSetFolder folder, string path, bool isFinished)
    {
        SampleSetSettings settings = folder.Settings;
        int done = Enumerable.Range(0, settings.Chunks).Count(folder.Has);
        return new SampleSetResult(path, settings.Images, settings.Height, settings.Width, settings.Chunks, done, null, isFinished);
    }
}
