using L2c.Kernels;
using L2c.Model.Caching;
using L2c.Model.Samplers;
using L2c.Model.Training;
using L2c.Testing;
using L2c.Weights;
using L2c.Weights.Layouts;

namespace L2c.Model.Tests.Training;

public sealed class RouterTrainerTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public static TheoryData<string> Variants => ["data", "image-free", "straight-through", "target", "forecast"];

    [Theory]
    [MemberData(nameof(Variants))]
    public void A_resumed_run_ends_with_the_bytes_of_an_undisturbed_one_whatever_the_threads(string variant)
    {
        using RouterRun whole = Start(variant, threads: 1);
        byte[] expected = whole.Advance(9).State(_folder.File("whole"));

        using RouterRun first = Start(variant, threads: 3);
        byte[] half = first.Advance(4).State(_folder.File("half"));
        using RouterRun second = Start(variant, threads: 2);
        second.Restore(_folder.File("half"));
        Assert.Equal(4, second.Learner.StepsDone);
        Assert.Equal(half, second.State(_folder.File("again")));
        byte[] actual = second.Advance(5).State(_folder.File("resumed"));
        Assert.Equal(expected, actual);
        Assert.NotEqual(expected, half);
        Assert.Equal(whole.Learner.Router.Values, second.Learner.Router.Values);
    }

    [Fact]
    public void Variants_train_different_routers()
    {
        float[][] routers = [.. Variants.Select(variant =>
        {
            using RouterRun run = Start(variant.Data, threads: 1);
            return run.Advance(5).Learner.Router.Values;
        })];
        Assert.Equal(routers.Length, routers.Select(values => string.Join(' ', values)).Distinct().Count());
    }

    [Fact]
    public void Settings_that_change_the_run_are_refused_by_name()
    {
        using (RouterRun run = new(RouterRun.Options))
        {
            run.Advance(1).State(_folder.File("state"));
        }

        RouterTrainingOptions same = RouterRun.Options;
        foreach ((string Option, RouterTrainingOptions Options) changed in new[]
        {
            ("--l1", same with { Lambdas = [2e-3] }),
            ("--lr", same with { LearningRate = 0.1 }),
            ("--steps", same with { Steps = "ddim10" }),
            ("--draws", same with { Draws = 3 }),
            ("--batch", same with { Batch = 3 }),
            ("--seed", same with { Seed = 6 }),
            ("--loss", same with { Loss = RouterLoss.NextState }),
            ("--ste-threshold", same with { StraightThroughThreshold = 0.5 }),
            ("--target-reuse", same with { TargetReuse = 0.5 }),
            ("threshold", same with { Threshold = 0.1 }),
            ("--forecast", same with { Forecast = RouterRun.Forecast(1.5f) }),
        })
        {
            using RouterRun other = new(changed.Options);
            ArgumentException refused = Assert.Throws<ArgumentException>(() => other.Restore(_folder.File("state")));
            Assert.Contains($"{changed.Option} was ", refused.Message, StringComparison.Ordinal);
        }

        using RouterRun unchanged = new(same with { Recompute = true, Threads = 2 });
        Assert.Equal(1, unchanged.Restore(_folder.File("state")).Learner.StepsDone);
    }

    [Fact]
    public void Routers_without_a_gradient_do_not_move()
    {
        using RouterRun run = new(RouterRun.Options);
        int branches = run.Trainer.Shape.Branches;
        for (int step = 0; step < 6; step++)
        {
            float[] before = run.Learner.Router.Values;
            var draws = new TrainingDraws(RouterRun.Options.Seed, RouterRun.Options.Draws, RouterRun.Options.Batch);
            int[] drawn = [.. Enumerable.Range(0, 2).Select(draw => 2 * draws.Timestep(step, draw, 5))];
            run.Advance(1);
            float[] after = run.Learner.Router.Values;
            for (int router = 0; router < 10; router++)
            {
                bool moved = !before.AsSpan(router * branches, branches).SequenceEqual(after.AsSpan(router * branches, branches));
                Assert.Equal(drawn.Contains(router), moved);
            }
        }
    }

    [Fact]
    public void Several_draws_are_the_mean_of_single_gradients()
    {
        RouterTrainingOptions options = RouterRun.Options with { Draws = 4 };
        using RouterRun run = new(options);
        float[] start = run.Learner.Router.Values;
        int branches = run.Trainer.Shape.Branches;
        run.Advance(1);

        // AdamW's first step on the gradients of four single draws, each computed for itself.
        double[] gradient = new double[start.Length];
        bool[] drawn = new bool[10];
        var grid = NoiseSchedule.Linear.Respace(Respacing.Select(10));
        using RouterDraw step = RouterDraw.Plan(run.Model, Ddim.Table(grid), options.Batch, new TrainingPlanOptions());
        var draws = new TrainingDraws(options.Seed, options.Draws, options.Batch);
        var batch = new TrainingBatch(new NoiseItems(RandomDit.Small), draws, options.Batch, RandomDit.Small.NullLabel, 1);
        for (int draw = 0; draw < 4; draw++)
        {
            int t = draws.Timestep(0, draw, 5);
            batch.Fill(0, draw);
            float[] noised = new float[step.StateShape.Count];
            grid.AddNoise((2 * t) + 1, batch.Images, batch.Noise, noised);
            double[] scores = [.. start.Skip(2 * t * branches).Take(branches).Select(logit => 1 / (1 + Math.Exp(-logit)))];
            double[] dWeights = new double[branches];
            step.Run(t, noised, batch.Labels, [.. scores.Select(score => (float)score)], dWeights);
            for (int i = 0; i < branches; i++)
            {
                gradient[(2 * t * branches) + i] += (dWeights[i] + options.Lambdas[0]) * scores[i] * (1 - scores[i]) / 4;
            }

            drawn[2 * t] = true;
        }

        Assert.InRange(drawn.Count(d => d), 2, 4); // several routers, each at least once
        float[] after = run.Learner.Router.Values;
        run.State(_folder.File("state"));
        using TensorFile file = TensorFiles.Open(_folder.File("state"));
        float[] moment = new float[start.Length];
        TrainingState.Read<float>(file, "first_moment", moment);
        for (int i = 0; i < start.Length; i++)
        {
            Assert.Equal(0.1 * gradient[i], moment[i], 1e-6 * Math.Abs(gradient[i]));
            double moved = drawn[i / branches] ? options.LearningRate * gradient[i] / (Math.Abs(gradient[i]) + 1e-8) : 0;
            Assert.Equal(Math.Clamp(start[i] - moved, -5, 5), after[i], 1e-5);
        }
    }

    [Fact]
    public void A_target_moves_lambda_towards_it()
    {
        using RouterRun more = new(RouterRun.Options with { TargetReuse = 1 }), less = new(RouterRun.Options with { TargetReuse = 0 });
        more.Advance(20);
        less.Advance(20);
        Assert.True(more.Learner.Metrics[3] > 2 * RouterRun.Options.Lambdas[0]);
        Assert.True(less.Learner.Metrics[3] < RouterRun.Options.Lambdas[0]);
    }

    [Fact]
    public void The_share_of_reused_branches_is_that_of_the_schedule()
    {
        using RouterRun run = new(RouterRun.Options);
        var schedule = RouterSchedule.From(run.Learner.Router, RouterRun.Options.Threshold);
        Assert.InRange(schedule.SkippedBranches, 1, schedule.CacheBranches - 1);
        Assert.Equal(schedule.SkippedBranches / (double)schedule.CacheBranches, run.Learner.ReusedShare());
    }

    [Fact]
    public void A_step_that_breaks_the_router_is_an_error()
    {
        using RouterRun run = new(RouterRun.Options with { Lambdas = [1e300] });
        Assert.StartsWith("step 1: training diverged: the router holds NaN", Assert.Throws<DivergedException>(() => run.Advance(1)).Message, StringComparison.Ordinal);
        Assert.Equal(0, run.Learner.StepsDone);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void The_memory_reported_is_all_that_the_device_holds(bool imageFree)
    {
        using RouterRun run = new(RouterRun.Options, imageFree: imageFree);
        Assert.Equal(run.Model.Device.ScratchBytes + ((CpuDevice)run.Model.Device).AllocatedBytes, run.Trainer.Memory.TotalBytes);
    }

    [Fact]
    public void Training_begins_with_the_logits_that_are_given()
    {
        using RouterRun source = new(RouterRun.Options);
        RouterLogits given = source.Advance(3).Learner.Router;
        using RouterRun run = new(RouterRun.Options, initial: given);
        Assert.Equal(given.Values, run.Learner.Router.Values);
        RouterLogits uvit = given with { Architecture = given.Architecture with { Target = RouterTarget.UVit } };
        Assert.Contains("U-ViT", Refusal(uvit), StringComparison.Ordinal);
        Assert.Contains("12 steps", Refusal(given with { Architecture = given.Architecture with { Evaluations = 12 } }), StringComparison.Ordinal);
        Assert.Contains("2 blocks", Refusal(given with { Architecture = given.Architecture with { Branches = 4 } }), StringComparison.Ordinal);

        static string Refusal(RouterLogits router) =>
            Assert.Throws<ArgumentException>(() => new RouterRun(RouterRun.Options, initial: router)).Message;
    }

    [Theory]
    [InlineData("DDIM20_router.pt", "20")]
    [InlineData("DDIM50_router.pt", "50")]
    public void Training_continues_from_a_published_router(string name, string steps)
    {
        string path = Path.Combine(RepositoryPaths.Routers ?? "", name);
        Assert.SkipUnless(File.Exists(path), $"{path} is not there");
        using TensorFile file = TensorFiles.Open(path);
        RouterLogits router = RouterLogits.Load(file);
        DitArchitecture deep = RandomDit.Small with { Depth = 28, HiddenSize = 8 };
        using RouterRun run = new(RouterRun.Options with { Steps = steps, LearningRate = 1e-3 }, initial: router, architecture: deep);
        Assert.Equal(router.Values, run.Learner.Router.Values);
        float[] after = run.Advance(1).Learner.Router.Values;
        Assert.InRange(after.Zip(router.Values).Count(pair => pair.First != pair.Second), 56, 2 * 56);
    }

    [Theory]
    [InlineData("dpm20_router.pth", "20")]
    [InlineData("dpm50_router.pth", "50")]
    public void Training_continues_from_a_published_router_of_a_U_ViT(string name, string steps)
    {
        string path = Path.Combine(RepositoryPaths.Routers ?? "", name);
        Assert.SkipUnless(File.Exists(path), $"{path} is not there");
        using TensorFile file = TensorFiles.Open(path);
        RouterLogits router = RouterLogits.Load(file);
        UVitArchitecture deep = RandomUVit.Small with { Depth = 28, HiddenSize = 8 };
        using RouterRun run = new(RouterRun.Options with { Steps = steps, LearningRate = 1e-3 }, initial: router, architecture: deep);
        Assert.Equal(router.Values, run.Learner.Router.Values);
        float[] after = run.Advance(1).Learner.Router.Values;
        Assert.InRange(after.Zip(router.Values).Count(pair => pair.First != pair.Second), 58, 2 * 58);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(31)]
    [InlineData(32)]
    [InlineData(63)]
    [InlineData(64)]
    [InlineData(1000)]
    public void The_history_is_evenly_spaced_and_bounded(int steps)
    {
        RouterHistory history = new(1);
        for (int step = 0; step <= steps; step++)
        {
            history.Add(step, [step]);
        }

        Assert.InRange(history.Snapshots.Count, Math.Min(steps + 1, RouterHistory.Max / 2), RouterHistory.Max);
        Assert.All(history.Snapshots.Index(), snapshot => Assert.Equal(snapshot.Index * history.Interval, snapshot.Item[0]));
        Assert.True(steps - history.Snapshots[^1][0] < history.Interval);
    }

    public void Dispose() => _folder.Dispose();

    private static RouterRun Start(string variant, int threads) => new(
        variant switch
        {
            "straight-through" => RouterRun.Options with { StraightThroughThreshold = 0.5 },
            "target" => RouterRun.Options with { TargetReuse = 0.8 },
            "forecast" => RouterRun.Options with { Forecast = RouterRun.Forecast(1.25f) },
            _ => RouterRun.Options,
        },
        threads,
        imageFree: variant == "image-free");
}
