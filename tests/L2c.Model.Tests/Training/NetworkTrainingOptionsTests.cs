using L2c.Model.Samplers;
using L2c.Model.Training;

namespace L2c.Model.Tests.Training;

/// <summary>The formulas that options of a network's training stand for, held against others in double precision.</summary>
public sealed class NetworkTrainingOptionsTests
{
    private static readonly NetworkTrainingOptions _options = new() { LearningRate = 2e-3 };

    [Fact]
    public void A_constant_rate_is_the_default()
    {
        Assert.Equal(2e-3, _options.RateAt(1));
        Assert.Equal(2e-3, _options.RateAt(1_000_000));
    }

    [Theory]
    [InlineData(1, 5e-4)]
    [InlineData(3, 1.5e-3)]
    [InlineData(4, 2e-3)]
    [InlineData(5, 2e-3)]
    [InlineData(1000, 2e-3)]
    public void A_warm_up_rises_evenly(int step, double rate) =>
        Assert.Equal(rate, (_options with { LearningRateWarmUp = 4 }).RateAt(step), 1e-15);

    [Theory]
    [InlineData(0, 100, 0)]
    [InlineData(0, 100, 5e-4)]
    [InlineData(20, 100, 0)]
    [InlineData(20, 101, 1e-4)]
    public void A_decay_is_half_a_cosine_from_the_warm_ups_end_to_the_last_step(int warmUp, int end, double final)
    {
        NetworkTrainingOptions options = _options with { LearningRateWarmUp = warmUp, DecaySteps = end, FinalLearningRate = final };
        for (int step = Math.Max(warmUp, 1); step <= end; step++)
        {
            // cos^2 of half the angle: another form of the same curve.
            double half = Math.PI / 2 * (step - warmUp) / (end - warmUp), expected = final + ((2e-3 - final) * Math.Pow(Math.Cos(half), 2));
            Assert.Equal(expected, options.RateAt(step), 1e-15);
        }

        Assert.Equal(final, options.RateAt(end), 1e-18);
        Assert.Equal(final, options.RateAt(end + 1000), 1e-18);
        Assert.Equal(2e-3, options.RateAt(warmUp), 1e-15);

        // Planted: a curve that begins with the warm-up, or one step later, is another.
        int middle = warmUp + ((end - warmUp) / 2);
        Assert.NotEqual(options.RateAt(middle), options.RateAt(middle + 1), 1e-6);
        if (warmUp > 0)
        {
            Assert.NotEqual(options.RateAt(middle), (options with { LearningRateWarmUp = 0 }).RateAt(middle), 1e-5);
        }
    }

    [Theory]
    [InlineData(5)]
    [InlineData(1)]
    public void Min_SNR_weights_are_those_of_the_paper(double gamma)
    {
        NoiseSchedule process = NoiseSchedule.Linear.Respace(Respacing.Select(NoiseSchedule.TrainingTimesteps));
        double bar = 1;
        int ones = 0, others = 0;
        for (int t = 0; t < 1000; t++)
        {
            bar *= 1 - (1e-4 + (t * (2e-2 - 1e-4) / 999));
            double expected = Math.Min(1, gamma * (1 - bar) / bar);
            double actual = MinSnr.Weight(process, t, gamma);
            Assert.Equal(expected, actual, 1e-9 * expected);
            ones += actual == 1 ? 1 : 0;

            others += Math.Abs(Math.Min(bar / (1 - bar), gamma) - actual) > 1e-9 * expected ? 1 : 0;
            Assert.Equal(1, MinSnr.Weight(process, t, null));
        }

        Assert.InRange(ones, 500, 900); // all timesteps of much noise
        Assert.Equal(1000, others); // planted: the weights for a network that predicts x0
    }

    [Fact]
    public void Numbers_that_do_not_fit_are_refused_by_option()
    {
        Refuse("--lr-warm-up -1", _options with { LearningRateWarmUp = -1 });
        Refuse("--lr-warm-up 5 leaves none of 5 steps", _options with { LearningRateWarmUp = 5, DecaySteps = 5 });
        Refuse("--lr-final 0.001: ", _options with { FinalLearningRate = 1e-3 });
        Refuse("--lr-final 0.01: ", _options with { FinalLearningRate = 1e-2, DecaySteps = 10 });
        Refuse("--lr-final -1: ", _options with { FinalLearningRate = -1, DecaySteps = 10 });
        Refuse("--min-snr 0: ", _options with { MinSnrGamma = 0 });
        Refuse("--clip-grad-norm NaN: ", _options with { MaxGradientNorm = double.NaN });
        (_options with { LearningRateWarmUp = 4, DecaySteps = 5, FinalLearningRate = 2e-3, MinSnrGamma = 5, MaxGradientNorm = 1e-3 }).Check();

        static void Refuse(string start, NetworkTrainingOptions options) =>
            Assert.StartsWith(start, Assert.Throws<ArgumentException>(options.Check).Message, StringComparison.Ordinal);
    }
}
