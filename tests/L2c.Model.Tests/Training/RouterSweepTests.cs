using L2c.Kernels;
using L2c.Model.Networks;
using L2c.Model.Samplers;
using L2c.Model.Training;
using L2c.Testing;
using L2c.Weights;
using L2c.Weights.Layouts;

namespace L2c.Model.Tests.Training;

/// <summary>Routers of several lambdas that are trained side by side: each is bit for bit what it is alone.</summary>
public sealed class RouterSweepTests : IDisposable
{
    private static readonly double[] _lambdas = [1e-6, 1e-3, 0.2];

    private readonly TemporaryFolder _folder = new();

    public static TheoryData<string> Variants => ["data", "image-free", "straight-through", "target", "next-state", "recomputation", "U-ViT", "long skips"];

    [Theory]
    [MemberData(nameof(Variants))]
    public void Each_router_has_the_state_of_a_run_with_its_lambda_alone(string variant)
    {
        using RouterRun together = Start(variant, _lambdas);
        together.Advance(7);
        byte[][] states = [.. _lambdas.Select((lambda, i) =>
        {
            using RouterRun alone = Start(variant, [lambda], threads: 3);
            byte[] expected = alone.Advance(7).State(_folder.File("alone"));
            Assert.Equal(expected, Save(together, i, "together"));
            Assert.Equal(alone.Learner.Metrics.ToArray(), together.Trainer.Routers[i].Metrics.ToArray());
            return expected;
        })];

        // Not because lambda changes nothing.
        Assert.Equal(_lambdas.Length, together.Trainer.Routers.Select(router => string.Join(' ', router.Router.Values)).Distinct().Count());
        Assert.Equal(_lambdas.Length, states.Select(Convert.ToBase64String).Distinct().Count());
    }

    [Theory]
    [InlineData("data")]
    [InlineData("target")]
    public void Resumed_together_or_each_alone_they_end_the_same(string variant)
    {
        using RouterRun whole = Start(variant, _lambdas), first = Start(variant, _lambdas), second = Start(variant, _lambdas, threads: 2);
        whole.Advance(8);
        first.Advance(3);
        for (int i = 0; i < _lambdas.Length; i++)
        {
            Save(first, i, $"half{i}");
            Restore(second, i, $"half{i}");
        }

        second.Advance(5);
        for (int i = 0; i < _lambdas.Length; i++)
        {
            byte[] expected = Save(whole, i, "whole");
            Assert.Equal(expected, Save(second, i, "resumed"));
            using RouterRun alone = Start(variant, [_lambdas[i]]);
            Assert.Equal(expected, alone.Restore(_folder.File($"half{i}")).Advance(5).State(_folder.File("alone")));
        }
    }

    [Fact]
    public void A_router_goes_on_from_no_others_state()
    {
        using RouterRun run = Start("data", _lambdas), other = Start("data", _lambdas);
        run.Advance(2);
        Save(run, 0, "first");
        Assert.Contains("--l1 was 1E-06 and is now 0.001", Assert.Throws<ArgumentException>(() => Restore(other, 1, "first")).Message);
        Restore(other, 0, "first");
        Assert.Contains("restore states of one step", Assert.Throws<InvalidOperationException>(() => other.Advance(1)).Message);
    }

    [Fact]
    public void The_router_that_diverges_is_named()
    {
        using RouterRun run = Start("data", [1e-3, 1e300]);
        Assert.StartsWith("--l1 1E+300: step 1: training diverged: ", Assert.Throws<DivergedException>(() => run.Advance(1)).Message);
    }

    [Fact]
    public void Without_a_lambda_there_is_nothing_to_train() =>
        Assert.Contains("no lambda", Assert.Throws<ArgumentException>(() => new RouterRun(RouterRun.Options with { Lambdas = [] })).Message);

    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(true, true)]
    public void Students_after_one_teacher_are_what_each_is_after_its_own(bool recompute, bool uvit)
    {
        TransformerArchitecture architecture = uvit ? RandomUVit.Small : RandomDit.Small;
        using CpuDevice device = new(2);
        using Network model = NetworkFamilies.Load(architecture, RandomDit.Reader(architecture), device, WeightUse.RouterTraining);
        SamplerTable sampler = SamplerCatalog.Create(model.Info, "6");
        using RouterDraw draw = RouterDraw.Plan(model, sampler, 2, TrainingFixture.Options(recompute));
        float[] noised = TrainingFixture.Normal(7, draw.StateShape.Count), output = new float[draw.OutputShape.Count];
        float[] some = Draw(0.3f), other = Draw(0.9f);
        Assert.Contains("RunTeacher", Assert.Throws<InvalidOperationException>(() => draw.RunStudent(some, new double[draw.Branches])).Message);
        (double Loss, double[] Gradient, float[] Output) first = Run(some, alone: true), second = Run(other, alone: true);
        Assert.NotEqual(first.Loss, second.Loss);
        draw.RunTeacher(1, noised, [1, 3]);
        foreach ((float[] weights, (double Loss, double[] Gradient, float[] Output) expected) in new[] { (some, first), (other, second), (some, first) })
        {
            (double loss, double[] gradient, float[] student) = Run(weights, alone: false);
            Assert.Equal(expected.Loss, loss);
            Assert.Equal(expected.Gradient, gradient);
            Assert.Equal(expected.Output, student);
        }

        // Planted: what the students share does matter.
        draw.RunTeacher(0, noised, [1, 3]);
        Assert.NotEqual(first.Loss, Run(some, alone: false).Loss);

        float[] Draw(float centre) => [.. Enumerable.Range(0, draw.Branches).Select(i => centre + (0.05f * (i % 3) * (centre > 0.5f ? -1 : 1)))];

        (double Loss, double[] Gradient, float[] Output) Run(float[] weights, bool alone)
        {
            double[] gradient = new double[draw.Branches];
            double loss = alone ? draw.Run(1, noised, [1, 3], weights, gradient) : draw.RunStudent(weights, gradient);
            draw.ReadStudent(output);
            return (loss, gradient, [.. output]);
        }
    }

    [Theory]
    [InlineData(CudaPrecision.F32)]
    [InlineData(CudaPrecision.BF16)]
    public void On_CUDA_each_router_is_what_it_is_alone(CudaPrecision precision)
    {
        // CUDA's rows are read in eights.
        DitArchitecture architecture = TrainingFixture.Tiny with { HiddenSize = 16 };
        using var cuda = new CudaUnderTest(precision);
        using Network model = NetworkFamilies.Load(architecture, RandomDit.Reader(architecture), cuda.Device, WeightUse.RouterTraining);
        float[][] together = Train(_lambdas);
        Assert.Equal(_lambdas.Length, together.Select(logits => string.Join(' ', logits)).Distinct().Count());
        Assert.All(_lambdas.Zip(together), pair => Assert.Equal(Train([pair.First]).Single(), pair.Second));

        float[][] Train(double[] lambdas)
        {
            RouterTrainingOptions options = RouterRun.Options with { Lambdas = lambdas, Steps = "4", Batch = 1 };
            using RouterTrainer trainer = new(model, new NoiseItems(architecture), options, null, []);
            trainer.Advance();
            trainer.Advance();
            return [.. trainer.Routers.Select(router => router.Router.Values)];
        }
    }

    public void Dispose() => _folder.Dispose();

    private static RouterRun Start(string variant, double[] lambdas, int threads = 1)
    {
        RouterTrainingOptions options = RouterRun.Options with { Lambdas = lambdas };
        return new RouterRun(
            variant switch
            {
                "straight-through" => options with { StraightThroughThreshold = 0.5 },
                "target" => options with { TargetReuse = 0.8 },
                "next-state" => options with { Loss = RouterLoss.NextState },
                "recomputation" => options with { Recompute = true },
                _ => options,
            },
            threads,
            imageFree: variant == "image-free",
            architecture: variant switch
            {
                "U-ViT" => RandomUVit.Small,
                "long skips" => RandomUVit.Small with { Depth = 4 },
                _ => RandomDit.Small,
            });
    }

    private byte[] Save(RouterRun run, int router, string name)
    {
        run.Trainer.Routers[router].Save(_folder.File(name));
        return File.ReadAllBytes(_folder.File(name));
    }

    private void Restore(RouterRun run, int router, string name)
    {
        using TensorFile file = TensorFiles.Open(_folder.File(name));
        run.Trainer.Routers[router].Restore(file);
    }
}
