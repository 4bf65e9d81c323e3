namespace L2c.Cli.Logs;

/// <summary>Opens logs.</summary>
internal static class TrainingLog
{
    /// <summary>Starts a log, or continues one behind a step.</summary>
    /// <param name="path">FILE.csv, FILE.jsonl, or any other name for a folder of TensorBoard event files, created if need be.</param>
    /// <param name="names">What every step has, the step itself left out.</param>
    /// <param name="resumeAfter">Null for a new run. Otherwise entries of later steps are removed, and the log continues.</param>
    /// <param name="overwrite">Whether a new run may replace an existing file.</param>
    public static ITrainingLog Open(string path, IReadOnlyList<string> names, long? resumeAfter, bool overwrite) => throw new NotImplementedException();
}
