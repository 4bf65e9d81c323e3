namespace L2c.Cli.Inspection;

/// <summary>A router at one moment of its training.</summary>
/// <param name="Step">Optimisation steps done.</param>
/// <param name="Logits">[evaluations, branches], row-major.</param>
internal sealed record RouterSnapshot(long Step, float[] Logits);

/// <summary>The router's scores over its training as a picture: a heat map evaluation x branch per snapshot.</summary>
internal static class EvolutionPlot
{
    /// <summary>Writes a PNG.</summary>
    /// <param name="path">Where the file shall appear.</param>
    /// <param name="title">One line above the maps.</param>
    /// <param name="evaluations">Rows.</param>
    /// <param name="branches">Columns.</param>
    /// <param name="threshold">Scores above it mean computed.</param>
    /// <param name="snapshots">By increasing step; more than the picture has room for are thinned out evenly, the first and last kept.</param>
    /// <param name="overwrite">Whether an existing file may be replaced.</param>
    public static void Write(
        string path, string title, int evaluations, int branches, double threshold, IReadOnlyList<RouterSnapshot> snapshots, bool overwrite) =>
        throw new NotImplementedException();
}
