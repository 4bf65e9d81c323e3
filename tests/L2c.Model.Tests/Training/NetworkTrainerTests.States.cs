using L2c.Model.Training;
using L2c.Weights;
using L2c.Weights.Layouts;

namespace L2c.Model.Tests.Training;

public sealed partial class NetworkTrainerTests
{
    [Fact]
    public void A_restored_state_trains_on_with_the_weights_of_the_state()
    {
        // Not with those that the plan began with: what the forward pass reads has layouts of its own.
        NetworkTrainer first = Advance(Start(_options, threads: 1), 3);
        State(first, "three");
        NetworkTrainer second = Restore(Start(_options, threads: 1), "three");
        Advance(first, 1);
        Advance(second, 1);
        Assert.Equal(first.Metrics.ToArray(), second.Metrics.ToArray());
    }

    [Fact]
    public void A_state_of_one_tensor_per_kind_is_continued_to_the_same_bytes()
    {
        byte[] expected = State(Advance(Start(_options, threads: 1), 5), "whole");
        State(Advance(Start(_options, threads: 1), 3), "three");
        WriteFlat("three", "flat");
        NetworkTrainer resumed = Restore(Start(_options with { AverageWarmUp = null }, threads: 1), "flat");
        Assert.Equal(3, resumed.StepsDone);
        Assert.Equal(expected, State(Advance(resumed, 2), "resumed"));
    }

    [Fact]
    public void A_state_is_a_checkpoint_with_both_sets_of_weights()
    {
        NetworkTrainer trainer = Advance(Start(_options, threads: 1), 3);
        State(trainer, "state");
        trainer.WriteModel(_folder.File("model"), overwrite: false);
        using TensorFile state = TensorFiles.Open(_folder.File("state"));
        WeightsFile average = WeightsLayout.Resolve(state), weights = WeightsLayout.Resolve(state, LayoutHints.None with { Use = WeightSet.Model });
        Assert.Equal(RandomDit.Small.ToJson(), average.Architecture.ToJson());
        Assert.Equal(("ema.", "model."), (average.Nest, weights.Nest));
        int differing = 0;
        foreach ((string name, long[] shape) in DitLayout.Tensors(RandomDit.Small))
        {
            float[] written = new float[shape.Aggregate(1L, (product, extent) => product * extent)], kept = [.. written], raw = [.. written];
            Read("model", name, written);
            average.Read(name, kept);
            weights.Read(name, raw);
            Assert.Equal(written, kept);
            differing += raw.SequenceEqual(kept) ? 0 : 1;
        }

        Assert.True(differing > 10, $"{differing} tensors differ between the sets");
    }

    [Fact]
    public void Settings_that_change_the_run_are_refused_by_name()
    {
        State(Advance(Start(_options, threads: 1), 1), "state");
        foreach ((string option, NetworkTrainingOptions changed) in new[]
        {
            ("--batch", _options with { Batch = 5 }),
            ("--lr", _options with { LearningRate = 1e-3 }),
            ("--weight-decay", _options with { WeightDecay = 0 }),
            ("--ema", _options with { EmaDecay = 0.99 }),
            ("--ema-warm-up", _options with { AverageWarmUp = true }),
            ("--seed", _options with { Seed = 6 }),
            ("--lr-warm-up", _options with { LearningRateWarmUp = 3 }),
            ("--lr-decay", _options with { DecaySteps = 50 }),
            ("--min-snr", _options with { MinSnrGamma = 5 }),
            ("--clip-grad-norm", _options with { MaxGradientNorm = 1 }),
        })
        {
            ArgumentException refused = Assert.Throws<ArgumentException>(() => Restore(Start(changed, threads: 1), "state"));
            Assert.Contains($"{option} was ", refused.Message, StringComparison.Ordinal);
        }

        Assert.Equal(1, Restore(Start(_options with { Recompute = true }, threads: 2), "state").StepsDone);
        State(Advance(Start(_more, threads: 1), 1), "more");
        foreach ((string option, NetworkTrainingOptions changed) in new[]
        {
            ("--clip-grad-norm was 0.05 and is now off", _more with { MaxGradientNorm = null }),
            ("--lr-final was 0.0001 and is now 0", _more with { FinalLearningRate = 0 }),
            ("--max-steps was 9 and is now 10", _more with { DecaySteps = 10 }),
        })
        {
            Assert.Contains(option, Assert.Throws<ArgumentException>(() => Restore(Start(changed, threads: 1), "more")).Message);
        }
    }

    [Fact]
    public void The_state_of_another_trainer_and_damaged_states_are_refused()
    {
        string router = _folder.File("router");
        using (RouterRun run = new(RouterRun.Options))
        {
            run.State(router);
        }

        Assert.Contains("'router/2'", Refusal("router"), StringComparison.Ordinal);
        NetworkTrainer other = Start(_options, threads: 1, RandomDit.Small with { Depth = 2 });
        State(Advance(other, 1), "shallow");
        Assert.Contains("lacks model.blocks.2.", Refusal("shallow"), StringComparison.Ordinal);

        State(Advance(Start(_options, threads: 1), 1), "whole");
        foreach ((string tensor, byte[] value) in ((string, byte[])[])
        [
            ("log.figure_sums", BitConverter.GetBytes(double.NaN)),
            ("model.final_layer.linear.bias", BitConverter.GetBytes(float.PositiveInfinity)),
            ("optimizer.first_moment", BitConverter.GetBytes(float.NaN)),
        ])
        {
            Damage("whole", "damaged", tensor, value);
            Assert.Contains($"its {tensor} has a value that is not finite", Refusal("damaged"), StringComparison.Ordinal);
        }

        string Refusal(string name) => Assert.Throws<MalformedFileException>(() => Restore(Start(_options, 1), name)).Message;
    }
}
