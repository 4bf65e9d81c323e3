using L2c.Model.Training;
using L2c.Weights;

namespace L2c;

/// <summary>The folder of a training run: one process at a time, states under <c>checkpoints</c>, everything else beside them.</summary>
/// <remarks>A folder that this object has created and nothing was written to is removed again on disposal.</remarks>
internal sealed class RunFolder : IDisposable
{
    private const string LockName = ".lock";

    private readonly FileStream _lock;
    private readonly IReadOnlyList<string> _replaced;
    private readonly bool _created;

    private RunFolder(string path, FileStream fileLock, bool created, string? state, bool continues, IReadOnlyList<string> replaced)
    {
        (Path, _lock, _created, State, Continues, _replaced) = (path, fileLock, created, state, continues, replaced);
        States = new StateFolder(path);
    }

    /// <summary>As the request names it.</summary>
    public string Path { get; }

    /// <summary>The state to continue from; null for a new run.</summary>
    public string? State { get; }

    /// <summary>Whether the run of this folder goes on, logs included. A state of another folder begins a run here.</summary>
    public bool Continues { get; }

    /// <summary>The states.</summary>
    public StateFolder States { get; }

    /// <summary>Takes the folder and decides where the run begins.</summary>
    /// <param name="path">Created if need be.</param>
    /// <param name="results">Names of the files that a finished run leaves.</param>
    /// <param name="resume">A state, <see cref="TrainingRequest.Latest"/>, or null for a new run.</param>
    /// <param name="force">Whether a new run may replace an old one.</param>
    /// <param name="remark">Receives a line for a person.</param>
    /// <exception cref="RequestException">Resuming and replacing at once.</exception>
    /// <exception cref="IOException">Another process trains there, it holds a run that may not be replaced, or it cannot be written to.</exception>
    public static RunFolder Open(string path, IReadOnlyList<string> results, string? resume, bool force, Action<string> remark)
    {
        if (resume is not null && force)
        {
            throw new RequestException("--force starts anew and --resume-from-checkpoint continues; omit one of them");
        }

        bool created = !Directory.Exists(path);
        FileStream fileLock = Lock(path);
        try
        {
            StateFolder states = new(path);
            string? latest = states.FindLatest();
            string? state = resume == TrainingRequest.Latest ? latest : resume;
            string[] there = [.. results.Select(name => System.IO.Path.Combine(path, name)).Where(System.IO.File.Exists)];
            string? stateFolder = state is null ? null : System.IO.Path.GetDirectoryName(RealPath.Of(state));
            bool continues = stateFolder is not null && RealPath.Same(stateFolder, states.Path);
            if (!continues && !force)
            {
                RequireEmpty(state, latest, there);
            }

            if (resume == TrainingRequest.Latest && latest is null)
            {
                remark($"note: {path} has no checkpoint yet; the run starts from the beginning");
            }

            return new RunFolder(path, fileLock, created, state, continues, force ? there : []);
        }
        catch
        {
            fileLock.Dispose();
            throw;
        }
    }

    /// <summary>Path of a file in it.</summary>
    public string File(string name) => System.IO.Path.Combine(Path, name);

    /// <summary>
    /// Makes room, now that the run is known to begin: half-written files of a killed process go, states behind the one that it goes on from, and
    /// with <c>--force</c> the old run.
    /// </summary>
    /// <param name="stepsDone">Optimisation steps of the state; 0 without one.</param>
    public void Begin(int stepsDone)
    {
        if (Continues)
        {
            States.RemoveNewer(stepsDone);
        }
        else
        {
            States.Clear();
        }

        foreach (string path in _replaced)
        {
            System.IO.File.Delete(path);
        }

        RemoveLeftovers(Path);
        RemoveLeftovers(States.Path);
    }

    /// <summary>Lets other processes in.</summary>
    public void Dispose()
    {
        bool unused = _created && Directory.EnumerateFileSystemEntries(Path).All(entry => System.IO.Path.GetFileName(entry) == LockName);
        _lock.Dispose();
        if (unused)
        {
            Directory.Delete(Path, recursive: true);
        }
    }

    private static FileStream Lock(string path)
    {
        if (System.IO.File.Exists(path))
        {
            throw new IOException($"{path} is a file; name a folder with --out");
        }

        try
        {
            Directory.CreateDirectory(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new IOException($"{path}: the folder cannot be created ({e.Message}); name another with --out", e);
        }

        try
        {
            // The system takes the lock back when the process ends, however it ends.
            return new FileStream(System.IO.Path.Combine(path, LockName), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException e)
        {
            throw new IOException($"{path}: another process trains there; wait for its end, or name another folder with --out", e);
        }
        catch (UnauthorizedAccessException e)
        {
            throw new IOException($"{path}: no file can be written there; check the folder's permissions, or name another with --out", e);
        }
    }

    private static void RequireEmpty(string? state, string? latest, string[] there)
    {
        if (state is not null && (latest ?? there.FirstOrDefault()) is { } other)
        {
            throw new IOException($"{other} exists, of another run than {state}; name another folder with --out");
        }

        if (latest is not null)
        {
            throw new IOException($"{latest} exists; go on with --resume-from-checkpoint latest, or start anew with --force");
        }

        if (there.Length > 0)
        {
            throw new IOException($"{there[0]} exists, without a checkpoint to go on from; start anew with --force, or name another folder with --out");
        }
    }

    /// <summary>Deletes the temporary files of a process that was killed while it wrote.</summary>
    private static void RemoveLeftovers(string folder)
    {
        if (Directory.Exists(folder))
        {
            foreach (string path in Directory.EnumerateFiles(folder, ".????????.???.tmp"))
            {
                System.IO.File.Delete(path);
            }
        }
    }
}
