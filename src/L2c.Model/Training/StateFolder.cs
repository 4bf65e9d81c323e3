using System.Globalization;
using L2c.Weights.Storage;

namespace L2c.Model.Training;

/// <summary>The states of a run on disk: <c>checkpoints/00001000.safetensors</c>. A new one is complete under its name before older ones are
/// removed.</summary>
/// <remarks>Removed is only what says inside that it is a state. A file that has a state's name and is none is set aside where it would be taken for
/// the newest one, and otherwise left alone.</remarks>
/// <param name="folder">The run's folder; <c>checkpoints</c> is made in it when the first state is saved.</param>
/// <param name="remark">Receives a line for a person, for each file that is set aside.</param>
public sealed class StateFolder(string folder, Action<string> remark)
{
    /// <summary>Its name in the run's folder.</summary>
    public const string Name = "checkpoints";

    private const string Extension = ".safetensors";

    /// <summary>Where the states are.</summary>
    public string Path { get; } = System.IO.Path.Combine(folder, Name);

    /// <summary>The newest file with the name of a state; null when there is none.</summary>
    public string? FindLatest() => Named().LastOrDefault().Path;

    /// <summary>Steps of the files with the name of a state, ascending.</summary>
    public IReadOnlyList<int> Steps => [.. Named().Select(state => state.Step)];

    /// <summary>The file with the name of a step's state; null when there is none.</summary>
    public string? Find(int step) => Array.Find(Named(), state => state.Step == step).Path;

    /// <summary>Writes a state, then removes all older ones.</summary>
    /// <param name="step">Optimisation steps done.</param>
    /// <param name="write">Writes a file of that path, which must appear only when it is complete.</param>
    /// <exception cref="IOException">A file cannot be written, or the folder is a link.</exception>
    public void Save(int step, Action<string> write)
    {
        Write(step, write);
        RemoveBefore(step);
    }

    /// <summary>Writes a state beside those that are there.</summary>
    /// <inheritdoc cref="Save"/>
    public void Write(int step, Action<string> write)
    {
        Folders.RequireOwn(Path);
        _ = Folders.Create(Path);
        write(System.IO.Path.Combine(Path, step.ToString("D8", CultureInfo.InvariantCulture) + Extension));
    }

    /// <summary>Removes the states of earlier steps.</summary>
    /// <exception cref="IOException">A file cannot be removed.</exception>
    public void RemoveBefore(int step)
    {
        foreach ((int older, string path) in Named())
        {
            if (older < step && TrainingState.IsState(path))
            {
                File.Delete(path);
            }
        }
    }

    /// <summary>Removes all states: a new run begins where an old one was.</summary>
    /// <exception cref="IOException">A file cannot be removed, or the folder is a link.</exception>
    public void Clear() => KeepOnly(-1);

    /// <summary>Removes the states of other steps: later ones, where a run goes on from an earlier one, and an earlier one that a killed process had
    /// no time to remove.</summary>
    /// <param name="step">Optimisation steps done by the run that goes on.</param>
    /// <exception cref="IOException">As <see cref="Clear"/>.</exception>
    public void KeepOnly(int step)
    {
        Folders.RequireOwn(Path);
        foreach ((int other, string path) in Named().Where(state => state.Step != step))
        {
            if (TrainingState.IsState(path))
            {
                File.Delete(path);
            }
            else if (other > step)
            {
                remark($"note: {path} is not a training state; it is kept as {SetAside.Move(path)}");
            }
        }
    }

    private (int Step, string Path)[] Named() => !Directory.Exists(Path)
        ? []
        : [.. Directory.EnumerateFiles(Path, "*" + Extension)
            .Select(path => (Step: StepOf(path), Path: path))
            .Where(state => state.Step >= 0)
            .OrderBy(state => state.Step)];

    private static int StepOf(string path) =>
        System.IO.Path.GetFileNameWithoutExtension(path) is { Length: >= 8 } name
        && int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out int step)
            ? step
            : -1;
}
