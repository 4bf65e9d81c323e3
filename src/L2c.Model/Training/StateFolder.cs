using System.Globalization;

namespace L2c.Model.Training;

/// <summary>The states of a run on disk: <c>checkpoints/00001000.safetensors</c>. A new one is complete under its name before older ones are
/// removed.</summary>
/// <param name="folder">The run's folder; <c>checkpoints</c> is made in it when the first state is saved.</param>
public sealed class StateFolder(string folder)
{
    private const string Extension = ".safetensors";

    /// <summary>Where the states are.</summary>
    public string Path { get; } = System.IO.Path.Combine(folder, "checkpoints");

    /// <summary>The newest state; null when there is none.</summary>
    public string? FindLatest() => States().LastOrDefault().Path;

    /// <summary>Writes a state, then removes all older ones.</summary>
    /// <param name="step">Optimisation steps done.</param>
    /// <param name="write">Writes a file of that path, which must appear only when it is complete.</param>
    public void Save(int step, Action<string> write)
    {
        Directory.CreateDirectory(Path);
        write(System.IO.Path.Combine(Path, step.ToString("D8", CultureInfo.InvariantCulture) + Extension));
        foreach ((int older, string path) in States())
        {
            if (older < step)
            {
                File.Delete(path);
            }
        }
    }

    /// <summary>Removes all states: a new run begins where an old one was.</summary>
    public void Clear() => RemoveNewer(-1);

    /// <summary>Removes the states of later steps: a run goes on from an earlier one.</summary>
    /// <param name="step">Optimisation steps done by the run that goes on.</param>
    public void RemoveNewer(int step)
    {
        foreach ((int newer, string path) in States())
        {
            if (newer > step)
            {
                File.Delete(path);
            }
        }
    }

    private (int Step, string Path)[] States() => !Directory.Exists(Path)
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
