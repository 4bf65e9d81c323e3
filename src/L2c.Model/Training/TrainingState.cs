using System.Globalization;
using System.Runtime.InteropServices;
using L2c.Weights;
using L2c.Weights.Safetensors;
using L2c.Weights.Storage;
using Architecture = L2c.Weights.Layouts.Architecture;

namespace L2c.Model.Training;

/// <summary>Where a training run stands after an optimisation step: a safetensors file from which it continues bit for bit.</summary>
/// <remarks>
/// Metadata: <c>l2c.state</c> (which trainer), <c>step</c>, <c>seed</c>, <c>generator</c>, <c>settings</c>. The generator has no state beside seed
/// and step, nor has the
/// position in the data; both follow from <see cref="TrainingDraws"/>. No clock, host or path is in the file, so equal runs write equal files.
/// A network's state is a training checkpoint, too: it has the architecture, the weights under <c>model.</c> and their average under <c>ema.</c>.
/// </remarks>
public static class TrainingState
{
    private const string KindKey = "l2c.state", StepKey = "step", SeedKey = "seed", GeneratorKey = "generator", SettingsKey = "settings";

    /// <summary>Writes a state.</summary>
    /// <param name="path">Where the file shall appear, complete; an older one is replaced.</param>
    /// <param name="kind">The trainer, as <c>router/2</c>.</param>
    /// <param name="step">Optimisation steps done.</param>
    /// <param name="seed">The seed of the run.</param>
    /// <param name="settings">What the run was started with.</param>
    /// <param name="entries">The tensors.</param>
    /// <param name="architecture">The network whose weights are among them under the names of a training checkpoint; null for none.</param>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public static void Write(
        string path,
        string kind,
        int step,
        ulong seed,
        TrainingSettings settings,
        IReadOnlyList<StateEntry> entries,
        Architecture? architecture = null)
    {
        Dictionary<string, string> metadata = new()
        {
            [KindKey] = kind,
            [StepKey] = step.ToString(CultureInfo.InvariantCulture),
            [SeedKey] = seed.ToString(CultureInfo.InvariantCulture),
            [GeneratorKey] = TrainingDraws.Generator,
            [SettingsKey] = settings.ToJson(),
        };
        if (architecture is not null)
        {
            metadata.Add(Architecture.MetadataKey, architecture.ToJson());
        }

        using SafetensorsWriter writer = new(path, [.. entries.Select(entry => entry.Info)], metadata, overwrite: true);
        foreach (StateEntry entry in entries)
        {
            entry.Write(writer.Write);
        }

        writer.Commit();
    }

    /// <summary>Whether a regular file says inside that it is a training state, of whatever trainer. A damaged one may not.</summary>
    public static bool IsState(string path)
    {
        if (FileSystem.KindOf(path) != EntryKind.File)
        {
            return false;
        }

        try
        {
            using TensorFile file = TensorFiles.Open(path);
            return file.Metadata.ContainsKey(KindKey);
        }
        catch (IOException)
        {
            return false;
        }
    }

    /// <summary>Checks that a state is this trainer's and was made with the same settings.</summary>
    /// <param name="file">The open file.</param>
    /// <param name="kind">As given to <see cref="Write"/>.</param>
    /// <param name="settings">What the run is now started with; what nobody gave is taken from the state.</param>
    /// <param name="older">What an older version of the trainer gave; null for none.</param>
    /// <returns>Optimisation steps done.</returns>
    /// <exception cref="MalformedFileException">No state of this trainer, or a damaged one.</exception>
    /// <exception cref="ArgumentException">A setting differs; the message names it.</exception>
    public static int Check(TensorFile file, string kind, TrainingSettings settings, string? older = null)
    {
        string found = Require(file, KindKey);
        if (found != kind && found != older)
        {
            throw new MalformedFileException(
                file.Path, $"is the state of '{FileText.Printable(found)}', not of '{kind}'; give a state that this command wrote");
        }

        string generator = Require(file, GeneratorKey);
        if (generator != TrainingDraws.Generator)
        {
            throw new MalformedFileException(
                file.Path,
                $"draws by '{FileText.Printable(generator)}', this version by '{TrainingDraws.Generator}'; resume with the version that wrote it");
        }

        if (!int.TryParse(Require(file, StepKey), NumberStyles.None, CultureInfo.InvariantCulture, out int step))
        {
            throw new MalformedFileException(file.Path, "its step is not a number; take an older state");
        }

        try
        {
            string saved = Require(file, SettingsKey);
            settings.Adopt(saved);
            return settings.FindDifference(saved) is { } difference
                ? throw new ArgumentException($"{file.Path}: {difference}; resume with the settings of the run, or start another run")
                : step;
        }
        catch (FormatException e)
        {
            throw new MalformedFileException(file.Path, $"{e.Message}; take an older state", e);
        }
    }

    /// <summary>Reads a tensor that must have exactly the destination's number of values: float, double or int.</summary>
    /// <param name="file">The open file.</param>
    /// <param name="name">The tensor's name.</param>
    /// <param name="destination">Receives the values.</param>
    /// <param name="sliceLength">Values that are read at once.</param>
    /// <param name="mayBeNaN">Whether a NaN means something here; otherwise no value of a state is other than finite.</param>
    /// <exception cref="MalformedFileException">The file lacks it, it has another size or type, or a value is not finite.</exception>
    public static void Read<T>(TensorFile file, string name, Span<T> destination, int sliceLength = StateEntry.SliceLength, bool mayBeNaN = false)
        where T : unmanaged
    {
        TensorType type = StateEntry.TypeOf<T>();
        TensorInfo info = file.Find(name) is { } found && found.Type == type && found.Count == destination.Length
            ? found
            : throw new MalformedFileException(
                file.Path, $"lacks {name} of {destination.Length} {type.Label()} values; the state is damaged, take an older one");
        for (int first = 0; first < destination.Length; first += sliceLength)
        {
            Span<T> slice = destination.Slice(first, Math.Min(sliceLength, destination.Length - first));
            file.ReadBytes(info, first, MemoryMarshal.AsBytes(slice));
            if (!AreValid<T>(slice, mayBeNaN))
            {
                throw new MalformedFileException(
                    file.Path, $"its {name} has a value that is not finite, which no run writes; the state is damaged, take an older one");
            }
        }
    }

    private static bool AreValid<T>(ReadOnlySpan<T> values, bool mayBeNaN)
        where T : unmanaged
    {
        foreach (T value in values)
        {
            double number = value is float single ? single : value is double stored ? stored : 0;
            if (!double.IsFinite(number) && !(mayBeNaN && double.IsNaN(number)))
            {
                return false;
            }
        }

        return true;
    }

    private static string Require(TensorFile file, string key) => file.Metadata.TryGetValue(key, out string? value)
        ? value
        : throw new MalformedFileException(file.Path, $"is not a training state: it lacks {key}; give a file of a checkpoints folder");
}
