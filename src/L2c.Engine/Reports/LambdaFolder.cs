using System.Globalization;

namespace L2c;

/// <summary>The folder of routers that were trained side by side: what each of its folders holds, by lambda.</summary>
internal sealed class LambdaFolder
{
    /// <summary>Reads what is there.</summary>
    /// <exception cref="L2c.Weights.MalformedFileException">A state or a log is damaged.</exception>
    public LambdaFolder(string path)
    {
        Path = path;
        Runs = [.. Named(path).Where(TrainingFolder.IsOne).Select(folder => new LambdaRun(LambdaOf(folder), new TrainingFolder(folder)))
            .OrderBy(run => run.Lambda)];
        (Result, ResultFault) = TrainingFolder.ReadResult(System.IO.Path.Combine(path, TrainingResult.FileName));
    }

    /// <summary>As given.</summary>
    public string Path { get; }

    /// <summary>The runs by lambda.</summary>
    public IReadOnlyList<LambdaRun> Runs { get; }

    /// <summary>What --save-result left; null for nothing.</summary>
    public SavedResult? Result { get; }

    /// <summary>Why a file of its name is left out; null where none is.</summary>
    public string? ResultFault { get; }

    /// <summary>Whether a folder holds such runs.</summary>
    public static bool IsOne(string path) => Named(path).Any(TrainingFolder.IsOne);

    private static IEnumerable<string> Named(string path) =>
        Directory.EnumerateDirectories(path, RouterFolders.Prefix + "*").Where(folder => double.IsFinite(LambdaOf(folder)));

    private static double LambdaOf(string folder) => double.TryParse(
        System.IO.Path.GetFileName(folder)[RouterFolders.Prefix.Length..], NumberStyles.Float, CultureInfo.InvariantCulture, out double lambda)
            ? lambda
            : double.NaN;
}

/// <summary>One of the runs.</summary>
/// <param name="Lambda">Its lambda; with a target where it began.</param>
/// <param name="Folder">What it left.</param>
internal sealed record LambdaRun(double Lambda, TrainingFolder Folder);
