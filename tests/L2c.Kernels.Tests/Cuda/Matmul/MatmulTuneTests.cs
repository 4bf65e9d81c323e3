using L2c.Kernels.Cuda;
using L2c.Native;

namespace L2c.Kernels.Tests.Cuda.Matmul;

public sealed class MatmulTuneTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("l2c-matmul-").FullName;
    private readonly MatmulShape _shape = MatmulBench.Shape(2, 2, 4);

    public void Dispose() => Directory.Delete(_folder, true);

    [Fact]
    public void The_fastest_by_the_median_wins_and_is_used_from_then_on()
    {
        using MatmulBench bench = new();
        bench.Library.Algorithms[1] = new FakeAlgorithm(2, 0.5f, 1 << 20, SlowUntilCall: 30); // warm-up and a few rounds
        bench.Library.Algorithms.Add(new FakeAlgorithm(4, 0.1f, 0, FailsToRun: true));
        bench.Library.Algorithms.Add(new FakeAlgorithm(5, 0.1f, 0, cublasStatus_t.CUBLAS_STATUS_NOT_SUPPORTED));
        MatmulPlan plan = bench.Planner.Plan(_shape);
        Assert.False(plan.IsTuned);

        MatmulRace? race = Tune(bench, plan);

        Assert.NotNull(race);
        Assert.Equal(1, race.Winner);
        Assert.Equal([1, 0.5, 2, double.PositiveInfinity], race.Candidates.Select(c => Math.Round(c.Milliseconds, 3)));
        Assert.Equal((1u << 20, 0.5f), ((uint)race.Candidates[1].WorkspaceBytes, race.Candidates[1].Waves));
        Assert.Equal((true, 2ul, (nuint)(1 << 20)), (plan.IsTuned, bench.Library.LastAlgorithm, plan.WorkspaceBytes));
        Assert.Equal(MatmulRace.Rounds + 1, bench.Driver.Synchronizations);
        Assert.Equal(MatmulBench.Stream, bench.Driver.Stream);
        Assert.Empty(bench.Driver.Events);
        Assert.Null(Tune(bench, plan));
    }

    [Fact]
    public void Equally_fast_algorithms_leave_the_heuristics_choice()
    {
        using MatmulBench bench = new();
        bench.Library.Algorithms[1] = new FakeAlgorithm(2, 1, 0);
        Assert.Equal(0, Tune(bench, bench.Planner.Plan(_shape))!.Winner);
    }

    [Fact]
    public void A_race_that_nobody_finishes_is_an_error()
    {
        using MatmulBench bench = new();
        MatmulPlan plan = bench.Planner.Plan(_shape);
        bench.Library.Algorithms.Clear();
        bench.Library.Algorithms.Add(new FakeAlgorithm(1, 1, 0, FailsToRun: true));
        CublasLtException e = Assert.Throws<CublasLtException>(() => Tune(bench, plan));
        Assert.Contains("no candidate runs", e.Message, StringComparison.Ordinal);
        Assert.Empty(bench.Driver.Events);
        Assert.False(plan.IsTuned);
    }

    [Fact]
    public void A_later_run_takes_the_choice_from_the_file()
    {
        using (MatmulBench first = new(Cache()))
        {
            Tune(first, first.Planner.Plan(_shape));
            first.Planner.Plan(_shape with { M = 3 });
            Assert.Null(first.Planner.SaveCache());
        }

        using MatmulBench second = new(Cache());
        MatmulPlan plan = second.Planner.Plan(_shape);
        Assert.Equal((true, (nuint)(1 << 20)), (plan.IsTuned, plan.WorkspaceBytes));
        Assert.False(second.Planner.Plan(_shape with { M = 3 }).IsTuned);
        Assert.Equal((0, 2, 0), second.Library.Calls);
        Assert.Null(Tune(second, plan));
    }

    [Fact]
    public void A_choice_that_the_library_does_not_know_is_made_anew()
    {
        using (MatmulBench first = new(Cache()))
        {
            Tune(first, first.Planner.Plan(_shape));
            first.Planner.SaveCache();
        }

        string file = Cache().File;
        File.WriteAllText(file, File.ReadAllText(file).Replace("0200000000000000", "0900000000000000", StringComparison.Ordinal));
        using MatmulBench second = new(Cache());
        MatmulPlan plan = second.Planner.Plan(_shape);
        Assert.Equal((1, 1, 0), second.Library.Calls);
        Assert.False(plan.IsTuned);
        second.Planner.SaveCache();
        Assert.Contains("\nheuristic\t0100000000000000", File.ReadAllText(file), StringComparison.Ordinal);
    }

    [Fact]
    public void A_choice_that_takes_more_than_the_workspace_is_made_anew()
    {
        MatmulCache cache = Cache();
        using MatmulBench bench = new(cache);
        cache.Put($"{_shape} workspace {MatmulBench.Workspace.Bytes}", new MatmulCacheEntry(new FakeAlgorithm(2, 1, 0).Result().algo, true));
        bench.Library.Algorithms[1] = new FakeAlgorithm(2, 1, 33 << 20);
        Assert.False(bench.Planner.Plan(_shape).IsTuned);
        Assert.Equal((1, 1, 0), bench.Library.Calls);
    }

    private static MatmulRace? Tune(MatmulBench bench, MatmulPlan plan)
    {
        MatmulBench.Operands data = MatmulBench.Fill(plan.Shape);
        return bench.Planner.Tune(
            plan, MatmulBench.Address(data.X), MatmulBench.Address(data.Weight), MatmulBench.Address(data.Bias), MatmulBench.Address(data.Y),
            MatmulBench.Stream);
    }

    private MatmulCache Cache() => new(_folder, "Fake A", 130002);
}
