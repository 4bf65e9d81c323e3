using System.Globalization;
using System.Text.Json.Nodes;
using L2c.Kernels;
using L2c.Model.Caching;
using L2c.Model.Training;
using L2c.Weights;
using L2c.Weights.Layouts;
using L2c.Weights.Storage;

namespace L2c;

/// <summary>What a training run makes after every so many steps, as labelled grids in its folder, always from the same noise:
/// <c>samples/000500.png</c>.</summary>
/// <remarks>
/// Sampling has memory of its own and draws nothing that training draws, so results, logs and states are the same with grids and without. A grid is
/// on the disk before the state of its step: a killed run makes those again that its state does not know of, with the same bytes.
/// </remarks>
internal sealed class SampleGrids
{
    /// <summary>Name of their folder in the run's.</summary>
    public const string Name = "samples";

    private const int ImagesPerClass = 4;

    private readonly RunFolder _folder;
    private readonly int _every;
    private readonly SampleJob _job;
    private readonly Action<Subject> _withSubject;

    private SampleGrids(RunFolder folder, int every, SampleJob job, Action<Subject> withSubject) =>
        (_folder, _every, _job, _withSubject) = (folder, every, job, withSubject);

    /// <summary>Receives what is sampled: a network, which branches it computes, and how that schedule is called; null for all branches.</summary>
    private delegate void Subject(LoadedModel model, CacheSchedule schedule, string? cache);

    /// <summary>What a grid shows, validated before the run begins; null where none is asked for.</summary>
    /// <param name="request">The run.</param>
    /// <param name="steps">Sampling steps.</param>
    /// <param name="architecture">The network.</param>
    /// <param name="choice">Where it computes.</param>
    /// <exception cref="RequestException">The network's samples cannot be shown.</exception>
    public static SampleJob? Plan(TrainingRequest request, string steps, TransformerArchitecture architecture, DeviceChoice choice)
    {
        if (request.SampleEvery is null)
        {
            return null;
        }

        ClassList classes = ClassList.Choose(null, architecture);
        int count = Math.Min(classes.DefaultCount, ImagesPerClass * classes.Classes.Count);
        SampleJob job = new(new SampleRequest { Steps = steps, Count = count }, architecture, choice);
        try
        {
            SamplePictures.Require(job, separate: false);
        }
        catch (RequestException e)
        {
            throw new RequestException($"--sample-every: {e.Message}; or omit it", e);
        }

        return job;
    }

    /// <summary>The schedule whose memory is the largest that a router can ask for: everything reused that may be.</summary>
    public static CacheSchedule Fullest(SampleJob job) => RouterSchedule.FromLogits(
        job.Sampler.Roles, job.Architecture.Branches, new float[job.Architecture.Branches], _ => 0, threshold: 1);

    /// <summary>Grids of a network in training: of the moving average, with every branch computed.</summary>
    public static SampleGrids? OfNetwork(
        RunFolder folder, TrainingRequest request, SampleJob? job, NetworkTrainer trainer, TransformerArchitecture architecture, Device device)
    {
        return job is null ? null : new SampleGrids(folder, request.SampleEvery!.Value, job, Average);

        void Average(Subject use)
        {
            using var opened = OpenedModel.OfWeights(architecture, trainer.ReadAverage, NetworkTrainingRequest.ResultName);
            using LoadedModel model = opened.Load(device);
            use(model, job!.FullSchedule, null);
        }
    }

    /// <summary>Grids of a router in training: of its frozen network, with what the router reuses at the threshold.</summary>
    public static SampleGrids? OfRouter(
        RunFolder folder, TrainingRequest request, SampleJob? job, RouterLearner trained, RouterTrainingOptions options, LoadedModel model)
    {
        return job is null ? null : new SampleGrids(folder, request.SampleEvery!.Value, job, Router);

        void Router(Subject use) => use(
            model,
            RouterSchedule.From(trained.Router, options.Threshold, job!.Sampler, options.Forecast),
            options.Forecast is null
                ? string.Create(CultureInfo.InvariantCulture, $"router {RouterFiles.Canonical}, threshold {options.Threshold}")
                : RouterFiles.Schedule);
    }

    /// <summary>Fails if the grids' folder in a run's leads elsewhere. Writes nothing.</summary>
    /// <exception cref="IOException">It is a link, or no folder.</exception>
    public static void RequireOwn(string folder) => Folders.RequireOwn(Path.Combine(folder, Name));

    /// <summary>Removes the grids of steps that the run has not done: of an earlier run, or behind the state that it goes on from. What is no grid of
    /// a run and has the name of one is set aside.</summary>
    /// <param name="folder">The run.</param>
    /// <param name="stepsDone">Steps done; -1 where a run begins that has nothing to do with what is there.</param>
    /// <exception cref="IOException">A file cannot be removed.</exception>
    public static void RemoveAfter(RunFolder folder, int stepsDone)
    {
        string path = folder.File(Name);
        if (!Directory.Exists(path))
        {
            return;
        }

        AtomicFile.RemoveLeftovers(path);
        foreach (string grid in Directory.EnumerateFiles(path, "*.png").Where(file => StepOf(file) > stepsDone).ToArray())
        {
            if (RunLogs.IsOurs(grid))
            {
                File.Delete(grid);
            }
            else
            {
                folder.Remark($"note: {grid} was not drawn by this program; it is kept as {SetAside.Move(grid)}");
            }
        }
    }

    /// <summary>Draws the grid of the state that the run goes on from, where there should be one and is none: a run that was interrupted while it
    /// sampled.</summary>
    /// <inheritdoc cref="Draw"/>
    public void Begin(int step, CancellationToken cancel)
    {
        _ = Folders.Create(_folder.File(Name));
        if (step > 0 && !File.Exists(PathOf(step)))
        {
            Draw(step, cancel);
        }
    }

    /// <summary>Draws the grid of a step if it is one of those that have one.</summary>
    /// <param name="step">Steps done.</param>
    /// <param name="cancel">Looked at between evaluations; a grid that is not finished is drawn when the run goes on.</param>
    /// <exception cref="DivergedException">What is trained is no longer a number.</exception>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public void Draw(int step, CancellationToken cancel)
    {
        if (step % _every != 0)
        {
            return;
        }

        try
        {
            _withSubject((model, schedule, cache) => Write(step, model, schedule, cache, cancel));
        }
        catch (OperationCanceledException)
        {
            // The run itself ends with its state, as it would without grids.
        }
        catch (InsufficientMemoryException e)
        {
            _folder.Remark($"note: no grid of step {step}: {e.Message}");
        }
    }

    private void Write(int step, LoadedModel model, CacheSchedule schedule, string? cache, CancellationToken cancel)
    {
        float[] samples = SampleRun.Execute(_job, schedule, keepStates: false, model, new TaskContext(null, cancel)).Samples;
        JsonObject description = SampleDescription.Of(_job, model.Source, model.WeightSet);
        description.Add("step", step);
        if (cache is not null)
        {
            description.Add("cache", cache);
        }

        SamplePictures.Grid(_job, description, image => _job.Picture(samples, image)).Write(PathOf(step), overwrite: true);
    }

    private string PathOf(int step) => Path.Combine(_folder.File(Name), step.ToString("D6", CultureInfo.InvariantCulture) + ".png");

    private static int StepOf(string path) => Path.GetFileNameWithoutExtension(path) is { Length: >= 6 } name
        && int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out int step)
            ? step
            : int.MinValue;
}
