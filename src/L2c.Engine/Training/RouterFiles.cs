using L2c.Model.Training;
using L2c.Weights.Layouts;

namespace L2c;

/// <summary>What router training leaves: the router in two formats, and the picture of its evolution.</summary>
internal static class RouterFiles
{
    /// <summary>The router as this program keeps it.</summary>
    public const string Canonical = "router.safetensors";

    private const string Published = "router.pt", Picture = "router.png";

    /// <summary>Their names in the run's folder.</summary>
    public static IReadOnlyList<string> Names { get; } = [Canonical, Published, Picture];

    /// <summary>Writes them as the router now is.</summary>
    /// <param name="folder">The run.</param>
    /// <param name="trained">The router.</param>
    /// <param name="threshold">Scores above it mean computed.</param>
    /// <exception cref="IOException">A file cannot be written.</exception>
    public static void Write(RunFolder folder, RouterLearner trained, double threshold)
    {
        RouterLogits router = trained.Router;
        RouterFile.WriteSafetensors(folder.File(Canonical), router, overwrite: true);
        RouterFile.WritePublished(folder.File(Published), router, overwrite: true);
        RouterSnapshot[] snapshots =
        [
            .. trained.History.Snapshots
                .Select((logits, i) => new RouterSnapshot((long)i * trained.History.Interval, logits))
                .Where(snapshot => snapshot.Step < trained.StepsDone),
            new RouterSnapshot(trained.StepsDone, router.Values),
        ];
        EvolutionPlot.Draw($"{trained.Shape.Name}, {trained.Shape.Evaluations} steps", trained.Shape, threshold, snapshots)
            .Write(folder.File(Picture), overwrite: true);
    }
}
