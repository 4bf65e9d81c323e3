using System.CommandLine;
using System.Globalization;
using L2c.Cli.Commands;
using L2c.Cli.Output;
using L2c.Kernels;
using L2c.Model;
using L2c.Model.Networks;
using L2c.Model.Randomness;
using L2c.Model.Samplers;
using L2c.Model.Training;
using L2c.Weights.Layouts;

namespace L2c.Bench.Training;

/// <summary>
/// <c>training</c>: what a draw of router training costs, in forward passes of the same batch: three of them, one backward pass, and bookkeeping.
/// </summary>
internal sealed class TrainingBench
{
    private const int Batch = 16, Rounds = 25, Steps = 20, LargeBatch = 8;
    private const string Large = "DiT-XL/2";
    private const double Bound = 4.5;

    private readonly BenchOptions _options = new(Rounds);
    private readonly Option<int?> _batch = OptionFactory.Whole("--batch", 1, $"Images per step [default: {Batch}]");

    /// <summary>The verb.</summary>
    public static Command Create(Terminal terminal)
    {
        TrainingBench self = new();
        Command command = new("training", "Demo model: a draw of router training and a training step of the network, against one forward pass.");
        command.Add(self._batch);
        self._options.AddTo(command);
        command.SetAction(parsed => self.Run(parsed, terminal));
        return command;
    }

    private int Run(ParseResult parsed, Terminal terminal)
    {
        int batch = parsed.GetValue(_batch) ?? Batch, rounds = _options.Rounds(parsed);
        string load = BirthCertificate.Load();
        using CpuDevice device = _options.OpenCpu(parsed);
        using OpenedModel opened = OpenedModel.Open();
        using LoadedModel loaded = opened.Load(device, WeightUse.RouterTraining);
        Network model = loaded.Network;
        TransformerArchitecture architecture = model.Architecture;
        using var forward = PlannedForward.Plan(model, batch, record: true, parts: false);
        using PlannedDraw kept = new(model, batch, recompute: false), recomputed = new(model, batch, recompute: true);
        using NetworkStep network = new(architecture, opened.Read, device, batch);

        var timing = InterleavedTiming.Measure(
            [forward.Run, kept.Run, recomputed.Run, network.Run], rounds, BenchOptions.WarmUp, cancel: terminal.Cancel);
        string[] names = ["forward", "router step", "router step, recomputing", "training step of the network"];
        MedianInterval[] ratios = [.. names.Select((_, i) => MedianInterval.Of(timing.Ratios(i, 0)))];
        bool isMet = ratios[1].Median <= Bound;
        _options.Publish(parsed, terminal, Markdown.Report(
            "Training: time against a forward pass",
            BirthCertificate.Of(
                device,
                load,
                ("model", $"{architecture.Name}: {architecture.Depth} blocks, width {architecture.HiddenSize}, {architecture.Tokens} tokens"),
                ("batch", $"{batch}"),
                ("rounds", $"{rounds}, each every contestant once in rotating order")),
            ["", "ms", "time / forward"],
            names.Select((name, i) => (string[])[name, Quartiles.Of(timing.Milliseconds[i]).Text("0.0"), ratios[i].Text("0.000")]),
            "Values are medians over the rounds, with quartiles in brackets; ratios are taken round by round, with "
            + MedianInterval.Words(rounds) + " in brackets. A router step is one draw: refresh evaluation, "
            + "DDIM step, teacher, student, loss and backward pass with frozen weights, uploads and downloads included. The training step "
            + "of the network has the hybrid loss, all weight gradients, AdamW, the moving average and the packing of the new weights.",
            "Where a router step's time goes, in ms (median of the rounds; every op by itself):",
            OpTimes.Of(kept.Observe, rounds).Describe(),
            $"Memory of a router step of {Large} at batch {LargeBatch} on this device, predicted on paper:",
            Memory(device),
            $"Bound: router step / forward at most {Bound.ToString(CultureInfo.InvariantCulture)}. {(isMet ? "Met." : "**Missed.**")}"));
        return isMet ? ExitCode.Ok : ExitCode.RunTime;
    }

    private static string Memory(CpuDevice device)
    {
        TransformerArchitecture large = NamedNetwork.Find(Large, null);
        TrainingMemory kept = RouterDraw.Predict(large, device, Ddim.Table(Steps), LargeBatch, new TrainingPlanOptions());
        TrainingMemory recomputed = RouterDraw.Predict(large, device, Ddim.Table(Steps), LargeBatch, new TrainingPlanOptions { Recompute = true });
        IEnumerable<string> rows = kept.Parts.Append(new MemoryPart("total", kept.TotalBytes))
            .Zip(recomputed.Parts.Append(new MemoryPart("total", recomputed.TotalBytes)))
            .Select(pair => FormattableString.Invariant($"| {pair.First.Name} | {Mebi(pair.First)} | {Mebi(pair.Second)} |"));
        return string.Join('\n', ["| part | MiB | MiB, recomputing |", "|---|---:|---:|", .. rows]);

        static string Mebi(MemoryPart part) => (part.Bytes / (double)(1 << 20)).ToString("0.0", CultureInfo.InvariantCulture);
    }

    /// <summary>A planned router step with random data and half-open gates.</summary>
    private sealed class PlannedDraw : IDisposable
    {
        private readonly RouterDraw _step;
        private readonly float[] _noised, _weights;
        private readonly int[] _labels;
        private readonly double[] _gradient;

        public PlannedDraw(Network model, int batch, bool recompute)
        {
            var options = new TrainingPlanOptions { Recompute = recompute };
            _step = RouterDraw.Plan(model, Ddim.Table(Steps), batch, options);
            _noised = new float[_step.StateShape.Count];
            new CounterNoiseSource(seed: 0).Fill(0, batch, _noised.Length / batch, _noised);
            _labels = [.. Enumerable.Range(0, batch).Select(i => i % model.Architecture.NumClasses)];
            _weights = [.. Enumerable.Repeat(0.5f, _step.Branches)];
            _gradient = new double[_step.Branches];
        }

        public void Run() => _step.Run(Steps / 4, _noised, _labels, _weights, _gradient);

        public void Observe(Model.Runs.RunObserver observer) => _step.Run(Steps / 4, _noised, _labels, _weights, _gradient, observer);

        public void Dispose() => _step.Dispose();
    }

    /// <summary>A planned training step with random data and a learning rate of 0, so that every round has the same weights.</summary>
    private sealed class NetworkStep : IDisposable
    {
        private readonly NetworkTrainingStep _step;
        private readonly float[] _x0, _noise, _losses;
        private readonly int[] _labels, _timesteps;

        public NetworkStep(TransformerArchitecture architecture, WeightReader read, CpuDevice device, int batch)
        {
            _step = NetworkTrainingStep.Plan(architecture, read, device, batch, new TrainingPlanOptions());
            (_x0, _noise, _losses) = (new float[_step.StateShape.Count], new float[_step.StateShape.Count], new float[2 * batch]);
            new CounterNoiseSource(seed: 1).Fill(0, batch, _x0.Length / batch, _x0);
            new CounterNoiseSource(seed: 2).Fill(0, batch, _x0.Length / batch, _noise);
            _labels = [.. Enumerable.Range(0, batch).Select(i => i % architecture.NumClasses)];
            _timesteps = [.. Enumerable.Range(0, batch).Select(i => (i + 1) * (NoiseSchedule.TrainingTimesteps - 1) / batch)];
        }

        public void Run() => _step.Run(_x0, _noise, _labels, _timesteps, new OptimizerStep(1, 0), _losses);

        public void Dispose() => _step.Dispose();
    }
}
