using L2c.Testing;

namespace L2c.Kernels.Tests;

/// <summary>The hybrid loss, whose tensors are fp32 in every precision, as PTX through the emulator.</summary>
[Trait(DeviceCases.Trait, DeviceCases.Cuda)]
public sealed class HybridLossCudaTests
{
    public static TheoryData<CudaPrecision> Precisions => [.. CudaWorkbench.Precisions];

    [Theory]
    [MemberData(nameof(Precisions))]
    public void The_hybrid_loss_is_as_accurate_as_naive_fp32(CudaPrecision precision)
    {
        using CudaWorkbench bench = new(precision);

        // B, C, H, W: one image at timestep 0, one early, one late; DiT's latents, smaller, and an awkward size.
        foreach (int[] shape in new int[][] { [3, 1, 1, 1], [3, 4, 8, 8], [3, 3, 5, 7] })
        {
            int size = shape[1] * shape[2] * shape[3], count = shape[0] * size;
            float[] noise = RandomData.Normal(seed: 194, count), v = RandomData.Normal(seed: 193, count);
            float[] x0 = Array.ConvertAll(RandomData.Normal(seed: 195, count, deviation: 0.7), x => Math.Clamp(x, -1, 1));
            ReferenceTimestep[] steps = [Timestep(0), Timestep(20), Timestep(700)];
            float[] xt = [.. x0.Select((x, i) => (x + (steps[i / size].EpsToX0 * noise[i])) / steps[i / size].XToX0)];

            // A fair guess at the noise: in the tails of the likelihood naive fp32 is nothing but rounding.
            float[] eps = [.. noise.Zip(RandomData.Normal(seed: 192, count, deviation: 0.3), (n, error) => n + error)];
            float[] output = [.. Enumerable.Range(0, shape[0]).SelectMany(n => (float[])[.. Image(eps, n), .. Image(v, n)])];
            (double[] exactLosses, double[] exact) = Reference.HybridLoss<double>(output, noise, x0, xt, steps);
            (float[] naiveLosses, float[] naive) = Reference.HybridLoss<float>(output, noise, x0, xt, steps);

            Tensor onOutput = bench.PutState(output, shape[0], 2 * shape[1], shape[2], shape[3]), losses = bench.TakeState(shape[0], 2);
            Tensor onNoise = bench.PutState(noise, shape), onX0 = bench.PutState(x0, shape), onXt = bench.PutState(xt, shape);
            Tensor dOutput = bench.TakeState(shape[0], 2 * shape[1], shape[2], shape[3]);
            bench.Device.HybridLoss(onOutput, onNoise, onX0, onXt, Table(steps), dOutput, losses);
            ForEach(bench.Get(dOutput), bench.Get(losses), Tolerance.TimesNaive(2).Check);

            // Planted faults: other noise, and for the bound the likelihood's term where the divergence belongs and the other way round.
            bench.Device.HybridLoss(
                onOutput, onX0, onX0, onXt, Table([.. steps.Select(step => step with { IsFirst = !step.IsFirst })]), onOutput, losses);
            ForEach(bench.Get(onOutput), bench.Get(losses), Tolerance.TimesNaive(2).MustReject);

            // eps's gradient, v's, both losses; image by image, since they differ in size.
            void ForEach(float[] gradient, float[] values, Check check)
            {
                for (int i = 0; i < 2 * shape[0]; i++)
                {
                    check(Image(gradient, i), Image(exact, i), Image(naive, i));
                    check([values[i]], [exactLosses[i]], [naiveLosses[i]]);
                }
            }

            T[] Image<T>(T[] values, int image) => values[(image * size)..((image + 1) * size)];
        }

        Tensor Table(ReferenceTimestep[] steps) => bench.PutState(
            [.. steps.SelectMany(s => (float[])[s.XToX0, s.EpsToX0, s.MeanX0, s.MeanX, s.MinLogVariance, s.MaxLogVariance, s.IsFirst ? 1 : 0])],
            steps.Length,
            (int)HybridLossColumn.Count);
    }

    [Fact]
    public void Equal_distributions_have_no_divergence_and_the_ends_of_the_scale_are_open()
    {
        using CudaWorkbench bench = new(CudaPrecision.F32);

        // v = -1 and eps = noise, with x_t = x0 = 0: the model's distribution is the true one.
        ReferenceTimestep late = Timestep(700), first = Timestep(0);
        (float[] losses, float[] gradient) = Run([0, -1], noise: 0, x0: 0, late);
        Assert.Equal([0, 0], losses);
        Assert.Equal([0, 0], gradient);

        // At both ends and in the middle, near the data and far beyond it, where the mass is cut.
        foreach (float x0 in new[] { -1f, 0.25f, 1f })
        {
            foreach (float eps in new[] { 0f, 3, -300 })
            {
                float[] output = [eps, 0.1f];
                float xt = x0 / first.XToX0;
                (double[] exactLosses, double[] exact) = Reference.HybridLoss<double>(output, [0], [x0], [xt], [first]);
                (float[] naiveLosses, float[] naive) = Reference.HybridLoss<float>(output, [0], [x0], [xt], [first]);
                (losses, gradient) = Run(output, 0, x0, first, xt);
                Tolerance.TimesNaive(2).Check(losses, exactLosses, naiveLosses);
                Tolerance.TimesNaive(2).Check([gradient[1]], [exact[1]], [naive[1]]);
            }
        }

        (float[] Losses, float[] Gradient) Run(float[] output, float noise, float x0, ReferenceTimestep s, float xt = 0)
        {
            float[] table = [s.XToX0, s.EpsToX0, s.MeanX0, s.MeanX, s.MinLogVariance, s.MaxLogVariance, s.IsFirst ? 1 : 0];
            Tensor losses = bench.TakeState(1, 2), dOutput = bench.TakeState(1, 2, 1, 1);
            bench.Device.HybridLoss(
                bench.PutState(output, 1, 2, 1, 1), One(noise), One(x0), One(xt), bench.PutState(table, 1, table.Length), dOutput, losses);
            return (bench.Get(losses), bench.Get(dOutput));

            Tensor One(float value) => bench.PutState([value], 1, 1, 1, 1);
        }
    }

    private delegate void Check(ReadOnlySpan<float> actual, ReadOnlySpan<double> exact, ReadOnlySpan<float> naive);

    // The linear schedule of a thousand steps, as DiT is trained with.
    private static ReferenceTimestep Timestep(int t)
    {
        double Beta(int i) => 1e-4 + ((0.02 - 1e-4) * i / 999);
        double Bar(int i) => Enumerable.Range(0, i + 1).Aggregate(1.0, (product, j) => product * (1 - Beta(j)));
        double bar = Bar(t), before = t == 0 ? 1 : Bar(t - 1), beta = Beta(t);
        double clipped = t == 0 ? Beta(1) * (1 - Bar(0)) / (1 - Bar(1)) : beta * (1 - before) / (1 - bar);
        return new ReferenceTimestep(
            (float)Math.Sqrt(1 / bar),
            (float)Math.Sqrt((1 / bar) - 1),
            (float)(beta * Math.Sqrt(before) / (1 - bar)),
            (float)((1 - before) * Math.Sqrt(1 - beta) / (1 - bar)),
            (float)Math.Log(clipped),
            (float)Math.Log(beta),
            t == 0);
    }
}
