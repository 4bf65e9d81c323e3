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
        return Result(folder, Request.Out, null, TryMake(folder));
    }

    private SampleSetResult RunAlone()
    {
        if (!JoinedSet.IsIn(Request.Folder))
        {
            AtomicFile.Probe(Request.Out, Request.Overwrite);
        }

        SampleSetSettings settings = Settings();
        using FolderLock own = WorkFolder.Take(Request.Folder);
        if (JoinedSet.Is(Request.Out, Request.Folder, settings, context.Cancel))
        {
            return Finish(own, settings, FileHash.Sha256(Request.Out, context.Cancel));
        }

        AtomicFile.Probe(Request.Out, Request.Overwrite);
        var folder = SampleSetFolder.Settle(Request.Folder, settings, Request.Overwrite);
        if (!TryMake(folder))
        {
            return Result(folder, Request.Folder, null, isFinished: false);
        }

        try
        {
            string hash = SampleSetFile.Join(
                folder, Request.Out, Request.Overwrite, context, hash => new JoinedSet(hash, settings).Write(Request.Folder));
            return Finish(own, settings, hash);
        }
        catch (OperationCanceledException)
        {
            return Result(folder, Request.Folder, null, isFinished: false);
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
            model.MakeChunks(job, folder, context);
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    private SampleSetResult Finish(FolderLock own, SampleSetSettings settings, string hash)
    {
        SampleSetFolder.Delete(Request.Folder);
        JoinedSet.Delete(Request.Folder);
        own.RemoveIfEmpty();
        return new SampleSetResult(
            Request.Out, settings.Images, settings.Height, settings.Width, settings.Chunks, settings.Chunks, hash, IsFinished: true);
    }

    private static SampleSetResult Result(SampleSetFolder folder, string path, string? hash, bool isFinished)
    {
        SampleSetSettings settings = folder.Settings;
        int done = Enumerable.Range(0, settings.Chunks).Count(folder.Has);
        return new SampleSetResult(path, settings.Images, settings.Height, settings.Width, settings.Chunks, done, hash, isFinished);
    }
}
