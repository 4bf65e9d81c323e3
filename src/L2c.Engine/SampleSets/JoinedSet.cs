using System.Text.Json;
using L2c.Weights;

namespace L2c;

/// <summary>What is written beside the chunks before the joined file gets its name, and deleted last: so a task that was killed in between, or while it
/// deleted chunks, is known to be done.</summary>
/// <param name="Sha256">Of the joined file.</param>
/// <param name="Settings">Of the chunks.</param>
internal sealed record JoinedSet(string Sha256, SampleSetSettings Settings)
{
    private const string FileName = "joined.json";

    /// <summary>Whether a folder has one.</summary>
    public static bool IsIn(string folder) => File.Exists(Path.Combine(folder, FileName));

    /// <summary>Whether a file is what chunks of these settings were joined to.</summary>
    /// <exception cref="OperationCanceledException">The task was cancelled.</exception>
    public static bool Is(string file, string folder, SampleSetSettings settings, CancellationToken cancel)
    {
        if (!IsIn(folder) || !File.Exists(file))
        {
            return false;
        }

        using ByteSource source = ByteSource.OpenFile(Path.Combine(folder, FileName));
        try
        {
            return JsonSerializer.Deserialize<JoinedSet>(source.ReadAll(ReadLimits.SettingsBytes), ReportJson.Options) is { Settings.Parameters: not null } joined
                && settings.DifferenceTo(joined.Settings) is null
                && FileHash.Sha256(file, cancel) == joined.Sha256;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    /// <summary>Writes it.</summary>
    public void Write(string folder) => AtomicFile.Write(
        Path.Combine(folder, FileName), overwrite: true, stream => JsonSerializer.Serialize(stream, this, ReportJson.Options));

    /// <summary>Deletes it.</summary>
    public static void Delete(string folder) => File.Delete(Path.Combine(folder, FileName));
}
