using L2c.Kernels;
using L2c.Model.Samplers;
using L2c.Testing;

namespace L2c.Model.Tests.Samplers;

/// <summary>Solvers that are not shipped, as tables through the shipped op on an analytic network, against their papers' algorithms in double
/// precision: what a table and the op cannot say would show here.</summary>
public sealed class SolverTableTests
{
    // Of the largest value; fp32 leaves 2.5e-7 to 6.5e-7.
    private const double Bound = 2e-6;

    private static readonly Dictionary<string, (Func<double[], SamplerTable> Table, Func<double, double[], double> Paper, int Order)> _solvers = new()
    {
        ["2M"] = (SolverTables.Multistep2, PaperSolvers.Multistep2, 2),
        ["3M"] = (SolverTables.Multistep3, PaperSolvers.Multistep3, 2),
        ["singlestep 2"] = (SolverTables.Singlestep2, PaperSolvers.Singlestep2, 2),
        ["singlestep 3"] = (SolverTables.Singlestep3, PaperSolvers.Singlestep3, 3),
    };

    public static TheoryData<string> Solvers => [.. _solvers.Keys];

    [Theory]
    [MemberData(nameof(Solvers))]
    public void A_table_through_the_op_is_the_papers_algorithm(string solver)
    {
        (Func<double[], SamplerTable> table, Func<double, double[], double> paper, _) = _solvers[solver];
        double[] grid = GaussianMixture.Grid(12);
        Assert.InRange(Error(table(grid), x => paper(x, grid)), 0, Bound);
    }

    [Theory]
    [MemberData(nameof(Solvers))]
    public void A_table_converges_to_the_exact_solution_in_its_order(string solver)
    {
        (Func<double[], SamplerTable> table, _, int order) = _solvers[solver];
        double[] fine = GaussianMixture.Grid(2000);
        Dictionary<float, double> exact = Start().Distinct().ToDictionary(x => x, x => PaperSolvers.Singlestep3(x, fine));
        double[] errors = [.. ((int[])[16, 32, 64]).Select(steps => Error(table(GaussianMixture.Grid(steps)), x => exact[(float)x]))];
        double slope = Math.Log2(errors[0] / errors[^1]) / 2;
        Assert.True(slope >= order - 0.3, $"order {slope:0.00} from errors {string.Join(", ", errors)}");
    }

    [Fact]
    public void Faults_of_a_table_are_seen()
    {
        double[] grid = GaussianMixture.Grid(12);
        Assert.False(Error(ReadingX(SolverTables.Singlestep2(grid)), x => PaperSolvers.Singlestep2(x, grid)) <= Bound);
        Assert.False(Error(ReadingX(SolverTables.Singlestep3(grid)), x => PaperSolvers.Singlestep3(x, grid)) <= Bound);
        Assert.False(Error(Without(SolverTables.Multistep2(grid)), x => PaperSolvers.Multistep2(x, grid)) <= Bound);
        Assert.False(Error(Exchanged(SolverTables.Multistep3(grid)), x => PaperSolvers.Multistep3(x, grid)) <= Bound);

        // The network is asked about x at the time of u.
        static SamplerTable ReadingX(SamplerTable table) => table with
        {
            Evaluations = [.. table.Evaluations.Select(step => step with { Prediction = step.Prediction with { Input = SamplerState.X } })],
        };

        // A history that never moves on after its first value.
        static SamplerTable Without(SamplerTable table) => table with
        {
            Evaluations = [.. table.Evaluations.Select((step, e) => step with { Updates = e == 0 ? step.Updates : step.Updates[..1] })],
        };

        // The older of two histories taken for the newer.
        static SamplerTable Exchanged(SamplerTable table) => table with
        {
            Evaluations =
            [
                .. table.Evaluations.Select((step, e) => e < 2
                    ? step
                    : step with { Updates = [step.Updates[0] with { H1 = step.Updates[0].H2, H2 = step.Updates[0].H1 }, step.Updates[1]] }),
            ],
        };
    }

    [Fact]
    public void A_table_that_no_run_can_follow_is_refused()
    {
        LinearUpdate x = new(SamplerState.X) { X0 = 1 };
        Refused("evaluation 0 reads H1, which no evaluation before it has set", Row(x with { H1 = 1 }, new LinearUpdate(SamplerState.H1) { X0 = 1 }));
        Refused("evaluation 1 reads U", Row(x), Row(x) with { Prediction = new() { Input = SamplerState.U } });
        Refused("evaluation 0 sets X, X;", Row(x, x));
        Refused("evaluation 0 sets X, U, H1, H2;", Row(x, new(SamplerState.U), new(SamplerState.H1), new(SamplerState.H2)));
        Refused("evaluation 0 sets X0;", Row(new LinearUpdate(SamplerState.X0)));

        static SamplerEvaluation Row(params LinearUpdate[] updates) => new(0, default, 0, default, updates);

        static void Refused(string start, params SamplerEvaluation[] steps) =>
            Assert.StartsWith(start, Assert.Throws<ArgumentException>(() => new SamplerTable("faulty", steps)).Message, StringComparison.Ordinal);
    }

    // The largest distance from the exact results, relative to the largest of these.
    private static double Error(SamplerTable sampler, Func<double, double> exact)
    {
        float[] start = Start(), actual = TableRunner.Run(sampler, start, (x, time) => GaussianMixture.Eps(x, time / 1000.0));
        double[] expected = [.. start.Select(x => exact(x))];
        return actual.Zip(expected, (a, e) => Math.Abs(a - e)).Max() / expected.Max(Math.Abs);
    }

    private static float[] Start() => RandomData.Normal(seed: 17, 150);
}
