using L2c.Kernels;
using L2c.Model.Networks.Dit;
using L2c.Model.Training;
using L2c.Testing;
using L2c.Weights;
using L2c.Weights.Layouts;
using L2c.Weights.Safetensors;

namespace L2c.Model.Tests.Training;

public sealed partial class NetworkTrainerTests : IDisposable
{
    private static readonly NetworkTrainingOptions _options = new()
    {
        Batch = 4,
        LearningRate = 2e-3,
        WeightDecay = 0.01,
        EmaDecay = 0.9,
        AverageWarmUp = false,
        Seed = 5,
    };

    // Beyond the published recipe.
    private static readonly NetworkTrainingOptions _more = _options with
    {
        LearningRateWarmUp = 2,
        DecaySteps = 9,
        FinalLearningRate = 1e-4,
        MinSnrGamma = 5,
        MaxGradientNorm = 0.05,
    };

    private readonly TemporaryFolder _folder = new();
    private readonly List<IDisposable> _opened = [];

    [Fact]
    public void A_resumed_run_ends_with_the_bytes_of_an_undisturbed_one_whatever_the_threads()
    {
        byte[] expected = State(Advance(Start(_options, threads: 1), 9), "whole");
        byte[] half = State(Advance(Start(_options, threads: 3), 4), "half");
        NetworkTrainer second = Restore(Start(_options, threads: 2), "half");
        Assert.Equal(4, second.StepsDone);
        Assert.Equal(half, State(second, "again"));
        Assert.Equal(expected, State(Advance(second, 5), "resumed"));
        Assert.NotEqual(expected, half);
    }

    [Fact]
    public void So_does_one_with_a_changing_rate_weights_and_clipping()
    {
        byte[] expected = State(Advance(Start(_more, threads: 1), 9), "whole");
        State(Advance(Start(_more, threads: 2), 4), "half");
        Assert.Equal(expected, State(Advance(Restore(Start(_more, threads: 1), "half"), 5), "resumed"));
        foreach (NetworkTrainingOptions less in new[]
        {
            _more with { LearningRateWarmUp = 0 },
            _more with { DecaySteps = null, FinalLearningRate = 0 },
            _more with { MinSnrGamma = null },
            _more with { MaxGradientNorm = null },
        })
        {
            NetworkTrainer trainer = Advance(Start(less, threads: 1), 9);
            Assert.NotEqual(Weights(expected), Weights(State(trainer, "less")));
        }

        // Compared as tensors: the settings differ anyway.
        float[] Weights(byte[] state)
        {
            File.WriteAllBytes(_folder.File("some"), state);
            using TensorFile file = TensorFiles.Open(_folder.File("some"));
            float[] values = new float[24 * 24];
            WeightsLayout.Resolve(file).Read("blocks.1.attn.proj.weight", values);
            return values;
        }
    }

    [Fact]
    public void Rate_norm_and_weighted_loss_are_among_the_figures_where_they_are_in_use()
    {
        NetworkTrainer plain = Start(_options, threads: 1), trainer = Start(_more, threads: 1);
        Assert.Equal(["loss", "mse", "vb"], plain.Means.Names);
        Assert.Equal(["loss", "mse", "vb", "lr", "grad_norm"], trainer.Means.Names);
        Advance(plain, 1);
        Advance(trainer, 1);
        Assert.Equal(1e-3, trainer.Metrics[3], 1e-12); // the first of two steps of the warm-up
        Assert.InRange(trainer.Metrics[4], 0.05, 50); // before it was clipped
        Assert.Equal(plain.Metrics[1], trainer.Metrics[1]); // the same first weights and data: an error without weights
        Assert.Equal(plain.Metrics[0], plain.Metrics[1] + plain.Metrics[2]);
        Assert.InRange(trainer.Metrics[0], trainer.Metrics[2], 0.95 * plain.Metrics[0]);
        Advance(trainer, 8);
        Assert.Equal(1e-4, trainer.Metrics[3], 1e-12);
    }

    [Fact]
    public void The_average_warms_up_unless_it_begins_with_its_own_or_the_state_says_otherwise()
    {
        NetworkTrainingOptions open = _options with { AverageWarmUp = null }, on = _options with { AverageWarmUp = true };
        WeightReader own = RandomDit.Reader(RandomDit.Small);
        Assert.Equal(State(Advance(Start(on, 1), 2), "on"), State(Advance(Start(open, 1), 2), "open"));
        Assert.Equal(State(Advance(Start(_options, 1, average: own), 2), "own"), State(Advance(Start(open, 1, average: own), 2), "open own"));

        // What a run began with, it keeps: with a warm-up, and from before there was one.
        byte[] cold = State(Advance(Start(_options, 1), 4), "whole");
        State(Advance(Start(_options, 1), 2), "half");
        Assert.Equal(cold, State(Advance(Restore(Start(open, 1), "half"), 2), "resumed"));
        Assert.Equal(State(Advance(Start(on, 1), 4), "warm"), State(Advance(Restore(Start(open, 1), "on"), 2), "resumed warm"));
    }

    [Fact]
    public void The_loss_falls()
    {
        NetworkTrainer trainer = Start(_options with { Batch = 16 }, threads: 2);
        double first = Mean(Advance(trainer, 1));
        Assert.InRange(trainer.Metrics[1], 0.95, 1.05); // a network of zeros predicts no noise: the mean square of N(0, 1)
        double last = Mean(Advance(Advance(trainer, 60), 20));
        Assert.True(last < 0.85 * first, $"{first} -> {last}");

        static double Mean(NetworkTrainer trainer)
        {
            float[] means = new float[trainer.Means.Names.Count];
            trainer.Means.Take(means);
            Assert.Equal(means[0], means[1] + means[2], 1e-4);
            return means[0];
        }
    }

    [Fact]
    public void The_model_file_holds_the_average()
    {
        // Decay 0: the average is the weights, and differs from those of another decay.
        NetworkTrainer fresh = Advance(Start(_options with { EmaDecay = 0 }, threads: 1), 2);
        NetworkTrainer slow = Advance(Start(_options with { EmaDecay = 1 }, threads: 1), 2);
        fresh.WriteModel(_folder.File("fresh"), overwrite: false);
        slow.WriteModel(_folder.File("slow"), overwrite: false);
        DitInitialization initial = new(RandomDit.Small, seed: 1);
        int moved = 0;
        foreach ((string name, long[] shape) in DitLayout.Tensors(RandomDit.Small))
        {
            float[] before = new float[shape.Aggregate(1L, (product, extent) => product * extent)], kept = [.. before], weights = [.. before];
            initial.Read(name, before);
            Read("slow", name, kept);
            Read("fresh", name, weights);
            Assert.Equal(before, kept);
            moved += weights.SequenceEqual(before) ? 0 : 1;
        }

        Assert.True(moved > 10, $"{moved} tensors moved");
    }

    [Fact]
    public void Weights_and_average_may_begin_with_those_of_a_checkpoint()
    {
        NetworkTrainer trainer = Start(_options with { LearningRate = 0, EmaDecay = 1 }, threads: 1, average: RandomDit.Reader(RandomDit.Small));
        Advance(trainer, 1).WriteModel(_folder.File("model"), overwrite: false);
        float[] expected = new float[24 * 24], actual = new float[24 * 24];
        RandomDit.Reader(RandomDit.Small)("blocks.1.attn.proj.weight", expected);
        Read("model", "blocks.1.attn.proj.weight", actual);
        Assert.Equal(expected, actual);
    }

    [Fact]
    public void A_step_that_breaks_the_weights_writes_nothing()
    {
        NetworkTrainer trainer = Advance(Start(_options with { LearningRate = 1e39 }, threads: 1), 1); // its loss is that of the first weights
        string model = _folder.File("model"), state = _folder.File("state");
        Assert.Contains("the average of ", Refusal(() => trainer.WriteModel(model, overwrite: true)), StringComparison.Ordinal);
        Assert.StartsWith("step 1: training diverged: x_embedder.proj.weight holds ", Refusal(() => trainer.Save(state)), StringComparison.Ordinal);
        Assert.False(File.Exists(model) || File.Exists(state));

        static string Refusal(Action write) => Assert.Throws<DivergedException>(write).Message;
    }

    [Theory]
    [InlineData(0, 0.1)]
    [InlineData(1, 2.0 / 11)]
    [InlineData(1000, 0.9)]
    public void The_averages_warm_up_begins_with_a_small_decay(int step, double decay)
    {
        Assert.Equal(decay, (_options with { AverageWarmUp = true }).DecayAt(step), 1e-12);
        Assert.Equal(0.9, _options.DecayAt(step));
    }

    public void Dispose()
    {
        _opened.Reverse();
        _opened.ForEach(opened => opened.Dispose());
        _folder.Dispose();
    }

    private NetworkTrainer Start(NetworkTrainingOptions options, int threads, DitArchitecture? architecture = null, WeightReader? average = null)
    {
        architecture ??= RandomDit.Small;
        CpuDevice device = new(threads);
        _opened.Add(device);
        NetworkTrainer trainer = new(
            architecture,
            new DitInitialization(architecture, seed: 1).Read,
            average,
            new NoiseItems(architecture),
            device,
            options with { Threads = threads },
            new TrainingSettings());
        _opened.Add(trainer);
        return trainer;
    }

    private static NetworkTrainer Advance(NetworkTrainer trainer, int steps)
    {
        for (int i = 0; i < steps; i++)
        {
            trainer.Advance();
        }

        return trainer;
    }

    private byte[] State(NetworkTrainer trainer, string name)
    {
        trainer.Save(_folder.File(name));
        return File.ReadAllBytes(_folder.File(name));
    }

    /// <summary>Copies a state as earlier versions wrote it: every kind of value in one tensor, parameters one after another with gaps, and no
    /// architecture.</summary>
    private void WriteFlat(string from, string to)
    {
        const int Alignment = Arena.AlignmentBytes / sizeof(float);
        using TensorFile file = TensorFiles.Open(_folder.File(from));
        int length = (int)file.Find("optimizer.first_moment")!.Count;
        List<(TensorInfo, ReadOnlyMemory<byte>)> tensors =
        [
            Flat("weights", "model."),
            Renamed("first_moment", "optimizer.first_moment"),
            Renamed("second_moment", "optimizer.second_moment"),
            Flat("average", "ema."),
            Renamed("figure_sums", "log.figure_sums"),
        ];
        Dictionary<string, string> metadata = file.Metadata.ToDictionary(entry => entry.Key, entry => entry.Value);
        metadata["l2c.state"] = "dit/1";
        Assert.True(metadata.Remove(Architecture.MetadataKey));
        SafetensorsData.Write(_folder.File(to), tensors, metadata, overwrite: true);

        (TensorInfo, ReadOnlyMemory<byte>) Renamed(string name, string source)
        {
            TensorInfo info = file.Find(source)!;
            byte[] bytes = new byte[info.Bytes];
            file.ReadBytes(info, 0, bytes);
            return (new TensorInfo(name, info.Type, info.Shape), bytes);
        }

        (TensorInfo, ReadOnlyMemory<byte>) Flat(string name, string prefix)
        {
            byte[] all = new byte[length * sizeof(float)];
            int at = 0;
            foreach (TensorInfo info in file.Tensors.Where(tensor => tensor.Name.StartsWith(prefix, StringComparison.Ordinal)))
            {
                if (info.Name != prefix + "pos_embed")
                {
                    file.ReadBytes(info, 0, all.AsSpan(at * sizeof(float), (int)info.Bytes));
                    at = (at + (int)info.Count + Alignment - 1) / Alignment * Alignment;
                }
            }

            Assert.Equal(length, at);
            return (new TensorInfo(name, TensorType.F32, [length]), all);
        }
    }

    /// <summary>Copies a state with other bytes at the beginning of a tensor.</summary>
    private void Damage(string from, string to, string tensor, byte[] value)
    {
        using TensorFile file = TensorFiles.Open(_folder.File(from));
        List<(TensorInfo, ReadOnlyMemory<byte>)> tensors = [];
        foreach (TensorInfo info in file.Tensors)
        {
            byte[] elements = new byte[info.Bytes];
            file.ReadBytes(info, 0, elements);
            (info.Name == tensor ? value : []).CopyTo(elements, 0);
            tensors.Add((info, elements));
        }

        SafetensorsData.Write(_folder.File(to), tensors, file.Metadata, overwrite: true);
    }

    private NetworkTrainer Restore(NetworkTrainer trainer, string name)
    {
        using TensorFile file = TensorFiles.Open(_folder.File(name));
        trainer.Restore(file);
        return trainer;
    }

    private void Read(string file, string name, Span<float> destination)
    {
        using TensorFile opened = TensorFiles.Open(_folder.File(file));
        WeightsLayout.Resolve(opened).Read(name, destination);
    }
}
