using L2c.Model.Caching;
using L2c.Model.Samplers;
using L2c.Model.Training;
using L2c.Weights;
using L2c.Weights.Layouts;

namespace L2c;

/// <summary>What router training leaves: the router in two formats, the picture of its evolution, and over forecasts the schedule with them.</summary>
internal static class RouterFiles
{
    /// <summary>The router as this program keeps it.</summary>
    public const string Canonical = "router.safetensors";

    /// <summary>The schedule of a router that was trained over forecasts, with these.</summary>
    public const string Schedule = "schedule.json";

    private const string Published = "router.pt", Picture = "router.png";

    /// <summary>Their names in the run's folder.</summary>
    public static IReadOnlyList<string> Names { get; } = [Canonical, Published, Picture];

    /// <summary>Writes them as the router now is.</summary>
    /// <param name="folder">The run.</param>
    /// <param name="trained">The router.</param>
    /// <param name="options">How it is trained.</param>
    /// <param name="sampler">What it is for.</param>
    /// <param name="network">The network's name.</param>
    /// <exception cref="IOException">A file cannot be written.</exception>
    public static void Write(RunFolder folder, RouterLearner trained, RouterTrainingOptions options, SamplerTable sampler, string network)
    {
        double threshold = options.Threshold;
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
        if (options.Forecast is { } forecast)
        {
            var schedule = ScheduleJson.From(RouterSchedule.From(router, threshold, sampler, forecast), network, sampler.Name);
            AtomicFile.Write(folder.File(Schedule), overwrite: true, stream => stream.Write(schedule.ToUtf8()));
        }
    }
}
