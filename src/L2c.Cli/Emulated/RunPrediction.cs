using L2c.Cli.Commands;
using L2c.Cli.Output;
using L2c.Emulation;
using L2c.Kernels;
using L2c.Kernels.Cuda;
using L2c.Model.Runs;

namespace L2c.Cli.Emulated;

/// <summary>Evaluations of a run that are predicted to do the same.</summary>
/// <param name="First">The first, from 0.</param>
/// <param name="Last">The last; all between are the same.</param>
/// <param name="Launches">Launches of one.</param>
/// <param name="Microseconds">Of one.</param>
/// <param name="FloorMicroseconds">Of one.</param>
internal sealed record PredictedEvaluations(int First, int Last, int Launches, double Microseconds, double FloorMicroseconds);

/// <summary>What one batch is predicted to take on a GPU, launch by launch: recorded on the emulator, counted, never run.</summary>
internal sealed record RunPrediction
{
    private const double Micro = 1e6;

    /// <summary>The GPU.</summary>
    public required GpuModel Gpu { get; init; }

    /// <summary>The job whose first batch it is.</summary>
    public required SampleJob Job { get; init; }

    /// <summary>What is different, for the whole run, in order of appearance.</summary>
    public required IReadOnlyList<PredictedLaunches> Kernels { get; init; }

    /// <summary>By evaluation, in sampling order.</summary>
    public required IReadOnlyList<PredictedEvaluations> Evaluations { get; init; }

    /// <summary>Whether registers were counted by ptxas; otherwise occupancy is that of warps and shared memory alone.</summary>
    public required bool KnowsRegisters { get; init; }

    /// <summary>Microseconds of the run.</summary>
    public double Microseconds => Micro * Kernels.Sum(row => row.Seconds);

    /// <summary>See <see cref="Prediction.Floor"/>.</summary>
    public double FloorMicroseconds => Micro * Kernels.Sum(row => row.Launches * row.Each.Floor);

    /// <summary>Rows of the network's batch: guidance reads each image twice.</summary>
    public int Rows => Job.Guidance == Guidance.None ? Job.Batch : 2 * Job.Batch;

    /// <summary>Blocks of the network.</summary>
    public int Blocks => Job.Architecture.Branches / 2;

    /// <summary>What blocks launch, on average: kinds of launches that there are about one of, or more, for two blocks. None for a network of fewer
    /// than four blocks, where what is launched once an evaluation cannot be told from that.</summary>
    public IEnumerable<(PredictedLaunches Row, double Launches)> OfBlock() =>
        Blocks < 4 ? [] : Kernels.Select(row => (row, (double)row.Launches / (Blocks * Job.Schedule.Evaluations))).Where(row => row.Item2 > 0.4);

    /// <summary>Records a run on a device of the GPU's size and predicts it.</summary>
    /// <param name="gpu">The GPU.</param>
    /// <param name="run">The command line; without a checkpoint a named model has random weights.</param>
    /// <param name="terminal">Told of remarks.</param>
    public static RunPrediction Of(GpuModel gpu, RunRequest run, Terminal terminal)
    {
        terminal.Cancel.ThrowIfCancellationRequested();
        EmulatedDriver? driver = null;
        DeviceChoice device = run.Device with { Cuda = EmulatedMachine.Counting(gpu, opened => driver = opened), Ordinal = 0 };
        string? named = run.Checkpoint is null ? run.Hints.Model : null;
        SampleRequest request = named is null ? run.Sample : run.Sample with { Cache = run.Sample.Cache with { IsOfDemo = false } };
        using OpenedModel opened = named is null ? OpenedModel.Open(run.Checkpoint, run.Hints) : OpenedModel.Random(named);
        SampleJob job = new(request.OfOneBatch(), opened.Architecture, device);
        terminal.Note(job.Remark);
        using LoadedModel model = opened.Load(device, demand: job.ProfileDemand);
        using SamplingRun plan = SamplingRun.Plan(model.Network, job.Sampler, job.Schedule, job.Batch, job.Options with { OneSequence = false });
        Ptxas? ptxas = Ptxas.Find();
        IReadOnlyDictionary<string, KernelForm> kernels = ((CudaDevice)model.Device).LoadedKernels;
        LaunchPredictor predictor = new(driver!, gpu, ptxas, launch => kernels[launch.ModuleText].FullName);
        IReadOnlyList<DeviceWork>[] evaluations = [.. driver!.Captures.TakeLast(job.Schedule.Evaluations)];
        return new RunPrediction
        {
            Gpu = gpu,
            Job = job,
            Kernels = predictor.Predict(evaluations.SelectMany(nodes => nodes)),
            Evaluations = Merge([.. evaluations.Select(nodes =>
            {
                terminal.Cancel.ThrowIfCancellationRequested();
                IReadOnlyList<PredictedLaunches> rows = predictor.Predict(nodes);
                return (nodes.Count, Micro * rows.Sum(row => row.Seconds), Micro * rows.Sum(row => row.Launches * row.Each.Floor));
            })]),
            KnowsRegisters = ptxas is not null,
        };
    }

    private static List<PredictedEvaluations> Merge((int Launches, double Microseconds, double Floor)[] evaluations)
    {
        List<PredictedEvaluations> rows = [];
        for (int e = 0; e < evaluations.Length; e++)
        {
            if (e > 0 && evaluations[e] == evaluations[e - 1])
            {
                rows[^1] = rows[^1] with { Last = e };
            }
            else
            {
                rows.Add(new PredictedEvaluations(e, e, evaluations[e].Launches, evaluations[e].Microseconds, evaluations[e].Floor));
            }
        }

        return rows;
    }
}
