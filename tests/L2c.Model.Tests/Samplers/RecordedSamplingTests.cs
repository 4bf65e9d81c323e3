using System.Runtime.InteropServices;
using L2c.Model.Samplers;
using L2c.Weights;

namespace L2c.Model.Tests.Samplers;

/// <summary>The published code's recordings without its network: each recorded x and network output must give the next recorded x.</summary>
/// <remarks>dev/goldens.sh runs whole samplings; here nothing but the step can be wrong, so the bound is a few float32 roundings.</remarks>
public class RecordedSamplingTests
{
    /// <summary>Relative to the largest value of the tensor at that step; the manifest allows 2e-5.</summary>
    private const double Bound = 4e-7;

    [Theory]
    [InlineData("dit_a_ddim10_cfg1.5", "ddim", 10)]
    [InlineData("dit_a_ddim20_cfg4.0", "ddim", 20)]
    [InlineData("dit_b_ddim10_cfg4.0", "ddim", 10)]
    [InlineData("dit_a_ddpm25_cfg1.5", "ddpm", 25)]
    [InlineData("dit_a_ddpm25_nocfg", "ddpm", 25)]
    [InlineData("dit_b_ddpm25_cfg1.5", "ddpm", 25)]
    public void Steps_reproduce_the_recorded_trajectory(string name, string kind, int steps)
    {
        using TensorFile file = TensorFiles.Open(TestData.Golden(name + ".safetensors"));
        Recording recording = new(file);
        SamplerTable sampler = kind == "ddim" ? Ddim.Table(steps) : Ddpm.Table(steps, learnedVariance: true);

        Assert.Equal(recording.Indices, sampler.Evaluations.Select(step => (long)step.RouterRow));
        Assert.Equal(recording.Timesteps, sampler.Evaluations.Select(step => (long)step.Time));
        Assert.InRange(recording.Worst(sampler), 0, Bound);

        if (kind == "ddpm")
        {
            SamplerTable fixedVariance = Ddpm.Table(steps, learnedVariance: false);
            Assert.False(recording.Worst(fixedVariance) <= Bound, "learned variance ignored");
            SamplerTable halfUp = Ddpm.Table(
                NoiseSchedule.Linear.Respace(Respacing.Select(steps, MidpointRounding.AwayFromZero)), learnedVariance: true);
            Assert.False(recording.Worst(halfUp) <= Bound, "half-up spacing");
            Assert.NotEqual(recording.Timesteps, halfUp.Evaluations.Select(step => (long)step.Time));
        }
        else
        {
            Assert.False(recording.Worst(Ddpm.Table(steps, learnedVariance: false)) <= Bound, "the other sampler's mean");
        }
    }

    [Fact]
    public void Schedules_have_the_recorded_tables()
    {
        using TensorFile file = TensorFiles.Open(TestData.Golden("schedules.safetensors"));
        string[] respacings = [.. file.Tensors.Select(tensor => tensor.Name[..tensor.Name.LastIndexOf('.')]).Distinct()];
        Assert.Contains("25", respacings);
        Assert.Contains("10,15,20", respacings);
        foreach (string respacing in respacings)
        {
            // "full" too went through the published respacing, which computes its betas anew.
            NoiseSchedule schedule = NoiseSchedule.Linear.Respace(Respacing.Select(respacing == "full" ? "1000" : respacing));
            Assert.Equal(Read<long>(file, respacing + ".timestep_map"), schedule.TimestepMap.Select(t => (long)t));
            AssertTable("betas", schedule.Betas);
            AssertTable("alphas_cumprod", schedule.AlphasCumprod);
            AssertTable("alphas_cumprod_prev", schedule.AlphasCumprodPrev);
            AssertTable("sqrt_recip_alphas_cumprod", schedule.SqrtRecipAlphasCumprod);
            AssertTable("sqrt_recipm1_alphas_cumprod", schedule.SqrtRecipm1AlphasCumprod);
            AssertTable("posterior_variance", schedule.PosteriorVariance);
            AssertTable("posterior_log_variance_clipped", schedule.PosteriorLogVarianceClipped);
            AssertTable("posterior_mean_coef1", schedule.PosteriorMeanCoef1);
            AssertTable("posterior_mean_coef2", schedule.PosteriorMeanCoef2);

            void AssertTable(string table, IReadOnlyList<double> actual)
            {
                double[] expected = Read<double>(file, $"{respacing}.{table}");
                Assert.Equal(expected.Length, actual.Count);
                Assert.All(expected.Zip(actual), pair => Assert.Equal(pair.First, pair.Second, 1e-15 * Math.Max(1, Math.Abs(pair.First))));
            }
        }
    }

    private static T[] Read<T>(TensorFile file, string name)
        where T : unmanaged
    {
        TensorInfo tensor = file.Find(name) ?? throw new InvalidOperationException($"{file.Path}: no tensor {name}");
        T[] values = new T[tensor.Count];
        file.ReadBytes(tensor, 0, MemoryMarshal.AsBytes(values.AsSpan()));
        return values;
    }

    /// <summary>Recorded tensors; rows that nothing reads (the second half under guidance) are left out.</summary>
    private sealed class Recording(TensorFile file)
    {
        private const int ComparedRows = 2;

        private readonly float[] _start = Read<float>(file, "x_T");
        private readonly float[] _states = Read<float>(file, "x_steps");
        private readonly float[] _predictions = Read<float>(file, "pred_xstart");
        private readonly float[] _outputs = Read<float>(file, "model_out"); // [steps, rows, 2C, H, W]: ε, then variance
        private readonly float[]? _noise = file.Find("noise") is null ? null : Read<float>(file, "noise");
        private readonly int _rows = (int)file.Find("x_T")!.Shape[0];

        public long[] Indices { get; } = Read<long>(file, "t_index");

        public long[] Timesteps { get; } = Read<long>(file, "t_model");

        /// <summary>The worst step's largest error of x and of x0, relative to the recorded tensor's largest value at that step.</summary>
        public double Worst(SamplerTable sampler)
        {
            int imageLength = _start.Length / _rows;
            double worst = 0;
            for (int k = 0; k < sampler.Evaluations.Count; k++)
            {
                int stepOffset = k * _start.Length;
                ReadOnlySpan<float> before = k == 0 ? _start : _states.AsSpan(stepOffset - _start.Length, _start.Length);
                (double stateError, double stateSize, double x0Error, double x0Size) = (0, 0, 0, 0);
                for (int e = 0; e < ComparedRows * imageLength; e++)
                {
                    int output = (2 * stepOffset) + (e / imageLength * 2 * imageLength) + (e % imageLength);
                    (double next, double x0, _) = PaperReference.Apply(
                        sampler.Evaluations[k], before[e], _outputs[output], _outputs[output + imageLength], _noise?[stepOffset + e] ?? 0);
                    stateError = Math.Max(stateError, Math.Abs(next - _states[stepOffset + e]));
                    x0Error = Math.Max(x0Error, Math.Abs(x0 - _predictions[stepOffset + e]));
                    stateSize = Math.Max(stateSize, Math.Abs(_states[stepOffset + e]));
                    x0Size = Math.Max(x0Size, Math.Abs(_predictions[stepOffset + e]));
                }

                worst = Math.Max(worst, Math.Max(stateError / stateSize, x0Error / x0Size));
            }

            return worst;
        }
    }
}
