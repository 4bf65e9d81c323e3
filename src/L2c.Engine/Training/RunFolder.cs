using L2c.Model.Training;
using L2c.Weights;
using L2c.Weights.Storage;

namespace L2c;

/// <summary>The folder of a training run: one process at a time, states under <c>checkpoints</c>, everything else beside them.</summary>
/// <remarks>A folder that this object has created and nothing was written to is removed again on disposal. Nothing is written or deleted through
/// links in it.</remarks>
internal sealed class RunFolder : IDisposable
{
    private readonly FolderLock _lock;
    private readonly IReadOnlyList<string> _replaced;

    private RunFolder(
        string path,
        FolderLock folderLock,
        StateFolder states,
        string? state,
        bool continues,
        IReadOnlyList<string> replaced,
        Action<string> remark) =>
        (Path, _lock, States, State, Continues, _replaced, Remark) = (path, folderLock, states, state, continues, replaced, remark);

    /// <summary>As the request names it.</summary>
    public string Path { get; }

    /// <summary>The state to continue from; null for a new run.</summary>
    public string? State { get; }

    /// <summary>Whether the run of this folder goes on, logs included. A state of another folder begins a run here.</summary>
    public bool Continues { get; }

    /// <summary>The states.</summary>
    public StateFolder States { get; }

    /// <summary>Receives a line for a person.</summary>
    public Action<string> Remark { get; }

    /// <summary>Takes the folder and decides where the run begins.</summary>
    /// <param name="path">Created if need be.</param>
    /// <param name="results">Names of the files that a finished run leaves.</param>
    /// <param name="resume">A state, <see cref="TrainingRequest.Latest"/>, or null for a new run.</param>
    /// <param name="force">Whether a new run may replace an old one.</param>
    /// <param name="remark">Receives a line for a person.</param>
    /// <exception cref="RequestException">Resuming and replacing at once, or another process is training there.</exception>
    /// <exception cref="IOException">
    /// It holds a run that may not be replaced, a link or a device where the run writes, or it cannot be written to.
    /// </exception>
    public static RunFolder Open(string path, IReadOnlyList<string> results, string? resume, bool force, Action<string> remark)
    {
        if (resume is not null && force)
        {
            throw new RequestException("--force starts over and --resume-from-checkpoint continues; omit one of them");
        }

        FolderLock folderLock = WorkFolder.Take(path);
        try
        {
            RequireOwn(path, results);
            StateFolder states = new(path, remark);
            string? latest = states.FindLatest();
            string? state = resume == TrainingRequest.Latest ? latest : resume;
            string? stateFolder = state is null ? null : System.IO.Path.GetDirectoryName(RealPath.Of(state));
            bool continues = stateFolder is not null && RealPath.Same(stateFolder, states.Path);
            // A result that was saved tells of the run that left it alone.
            string saved = System.IO.Path.Combine(path, TrainingResult.FileName);
            string[] left = TrainingResult.IsSaved(saved) ? [saved] : [];
            string[] there = [.. results.Select(name => System.IO.Path.Combine(path, name)).Where(System.IO.File.Exists), .. left];
            if (!continues && !force)
            {
                // A run that was killed before its first state has logs, and goes on by beginning again.
                RequireEmpty(state, latest, there, resume is null ? RunLogs.Names.Select(name => System.IO.Path.Combine(path, name)) : []);
            }

            if (resume == TrainingRequest.Latest && latest is null)
            {
                remark($"note: {path} has no checkpoint yet; the run starts from the beginning");
            }

            return new RunFolder(path, folderLock, states, state, continues, force ? there : left, remark);
        }
        catch
        {
            folderLock.Dispose();
            throw;
        }
    }

    /// <summary>Path of a file in it.</summary>
    public string File(string name) => System.IO.Path.Combine(Path, name);

    /// <summary>
    /// Makes room, now that the run is known to begin: half-written files of a killed process go, states and grids behind the one that it goes on
    /// from, a result that was saved, and with <c>--force</c> the old run.
    /// </summary>
    /// <param name="stepsDone">Optimisation steps of the state; 0 without one.</param>
    /// <exception cref="IOException">A file cannot be removed.</exception>
    public void Begin(int stepsDone)
    {
        // Results first: without them a killed start goes on from the old states, or begins.
        foreach (string path in _replaced)
        {
            System.IO.File.Delete(path);
        }

        if (Continues)
        {
            States.KeepOnly(stepsDone);
        }
        else
        {
            States.Clear();
        }

        SampleGrids.RemoveAfter(this, Continues ? stepsDone : -1);
        AtomicFile.RemoveLeftovers(Path);
        AtomicFile.RemoveLeftovers(States.Path);
    }

    /// <summary>Lets other processes in.</summary>
    public void Dispose() => _lock.Dispose();

    /// <summary>A run folder may come from anybody: nothing in it may lead the run to write or delete elsewhere.</summary>
    private static void RequireOwn(string path, IReadOnlyList<string> results)
    {
        Folders.RequireOwn(System.IO.Path.Combine(path, StateFolder.Name));
        RunLogs.RequireOwn(path);
        SampleGrids.RequireOwn(path);
        foreach (string name in results)
        {
            AtomicFile.RequireFree(System.IO.Path.Combine(path, name), overwrite: true);
        }
    }

    private static void RequireEmpty(string? state, string? latest, string[] there, IEnumerable<string> logs)
    {
        if (state is not null && (latest ?? there.FirstOrDefault()) is { } other)
        {
            throw new IOException($"{other} exists and belongs to another run than {state}; name another folder with --out");
        }

        if (latest is not null)
        {
            throw new IOException($"{latest} exists; continue with --resume-from-checkpoint latest, or start over with --force");
        }

        if (there.Length > 0)
        {
            throw new IOException($"{there[0]} exists, but there is no checkpoint to continue from; start over with --force, or name another folder with --out");
        }

        if (logs.FirstOrDefault(System.IO.Path.Exists) is { } log)
        {
            throw new IOException($"{log} exists; continue with --resume-from-checkpoint latest, or start over with --force");
        }
    }
}
