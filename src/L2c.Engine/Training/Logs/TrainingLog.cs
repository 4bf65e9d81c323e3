using L2c.Weights;

namespace L2c;

/// <summary>Opens logs; the name says of which kind.</summary>
internal static class TrainingLog
{
    /// <summary>Starts a log, or continues one behind a step.</summary>
    /// <param name="path">FILE.csv, FILE.jsonl, or a name without extension: a folder of TensorBoard event files, created if need be.</param>
    /// <param name="names">What every step has, the step itself left out: ASCII letters, digits and <c>_ . / -</c>.</param>
    /// <param name="resumeAfter">
    /// Null for a new run. Otherwise later steps are removed and the log continues; a CSV or JSON-lines file then has the bytes of an undisturbed
    /// run's. A log that does not exist is begun.
    /// </param>
    /// <param name="overwrite">Whether a new run may replace an existing file; events are added to the folder if not.</param>
    /// <exception cref="RequestException">The name has another extension.</exception>
    /// <exception cref="MalformedFileException">The log to continue has other figures, or is none.</exception>
    /// <exception cref="IOException">The file exists and may not be replaced, or cannot be written.</exception>
    public static ITrainingLog Open(string path, IReadOnlyList<string> names, long? resumeAfter, bool overwrite)
    {
        if (names.FirstOrDefault(name => !IsPlain(name)) is { } bad)
        {
            throw new ArgumentException($"\"{bad}\" is not a name for a figure of a log", nameof(names));
        }

        return Path.GetExtension(path).ToUpperInvariant() switch
        {
            ".CSV" => new CsvLog(path, names, resumeAfter, overwrite),
            ".JSONL" => new JsonLinesLog(path, names, resumeAfter, overwrite),
            "" => new TensorBoardLog(path, names, resumeAfter, overwrite),
            _ => throw new RequestException($"{path}: logs are FILE.csv, FILE.jsonl or a folder for TensorBoard, without extension"),
        };
    }

    private static bool IsPlain(string name) => name.Length > 0 && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '.' or '/' or '-');
}
