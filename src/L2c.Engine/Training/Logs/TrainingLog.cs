namespace L2c;

/// <summary>Opens logs; the name says of which kind.</summary>
internal static class TrainingLog
{
    /// <summary>Starts a log, or continues one behind a step.</summary>
    /// <param name="path">FILE.csv, FILE.jsonl, or a name without extension: a folder of TensorBoard event files, created if need be.</param>
    /// <param name="names">What every step has, the step itself omitted: ASCII letters, digits and <c>_ . / -</c>.</param>
    /// <param name="resumeAfter">
    /// Null for a new run. Otherwise later steps are removed and the log continues; a CSV or JSON-lines file then has the bytes of an undisturbed
    /// run's. A log that does not exist is begun. What is no log of these figures is copied beside it first, in either case.
    /// </param>
    /// <param name="remark">Receives a line for a person, where a file was no such log and was set aside.</param>
    /// <exception cref="RequestException">The name has another extension.</exception>
    /// <exception cref="IOException">The log is no regular file of its own, or cannot be written.</exception>
    public static ITrainingLog Open(string path, IReadOnlyList<string> names, long? resumeAfter, Action<string> remark)
    {
        if (names.FirstOrDefault(name => !IsPlain(name)) is { } bad)
        {
            throw new ArgumentException($"\"{bad}\" is not a name for a figure of a log", nameof(names));
        }

        return Path.GetExtension(path).ToUpperInvariant() switch
        {
            ".CSV" => new CsvLog(path, names, resumeAfter, remark),
            ".JSONL" => new JsonLinesLog(path, names, resumeAfter, remark),
            "" => new TensorBoardLog(path, names, resumeAfter),
            _ => throw new RequestException($"{path}: logs are FILE.csv, FILE.jsonl or a folder for TensorBoard, without extension"),
        };
    }

    private static bool IsPlain(string name) => name.Length > 0 && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '.' or '/' or '-');
}
