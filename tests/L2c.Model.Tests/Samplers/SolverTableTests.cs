using L2c.Kernels;
using L2c.Model.Samplers;
using L2c.Testing;

namespace L2c.Model.Tests.Samplers;

/// <summary>The solvers' tables through the shipped op on an analytic network: against their papers' algorithms in double precision, and in order of
/// convergence to the exact solution.</summary>
public sealed class SolverTableTests
{
    // Of the largest value; fp32 leaves up to 1.3e-6.
    private const double Bound = 4e-6;

    private static readonly SolverModel _noise = new(GaussianMixture.Process, PredictsData: false), _data = new(GaussianMixture.Process, PredictsData: true);

    private static readonly Dictionary<string, (Func<float[], SamplerTable> Table, Func<double, double[], double> Paper, int Order)> _solvers = new()
    {
        ["1"] = (t => DpmSolver.Table("1", 1, _noise, t), PaperSolvers.Singlestep1, 1),
        ["2"] = (t => DpmSolver.Table("2", 2, _noise, t), PaperSolvers.Singlestep2, 2),
        ["3"] = (t => DpmSolver.Table("3", 3, _noise, t), PaperSolvers.Singlestep3, 3),
        ["1S"] = (t => DpmSolver.Table("1S", 1, _data, t), PaperSolvers.DataSinglestep1, 1),
        ["2S"] = (t => DpmSolver.Table("2S", 2, _data, t), PaperSolvers.DataSinglestep2, 2),
        ["3S"] = (t => DpmSolver.Table("3S", 3, _data, t), PaperSolvers.DataSinglestep3, 3),
        ["2M"] = (t => DpmSolverPlusPlus.Table("2M", 2, _data, t), PaperSolvers.DataMultistep2, 2),
        ["3M"] = (t => DpmSolverPlusPlus.Table("3M", 3, _data, t), PaperSolvers.DataMultistep3, 2), // its first step is of order 1
        ["DDIM"] = (DdimTable, PaperSolvers.Singlestep1, 1),
    };

    public static TheoryData<string> Solvers => [.. _solvers.Keys];

    public static MatrixTheoryData<string, TimeSpacing> SolversAndGrids => new([.. _solvers.Keys], Enum.GetValues<TimeSpacing>());

    [Theory]
    [MemberData(nameof(SolversAndGrids))]
    public void A_table_through_the_op_is_the_papers_algorithm(string solver, TimeSpacing spacing)
    {
        float[] grid = TimeGrid.Times(spacing, GaussianMixture.Process, 12);
        Assert.InRange(Error(solver, grid, Paper(solver, grid)), 0, Bound);
    }

    [Theory]
    [MemberData(nameof(Solvers))]
    public void A_table_converges_to_the_exact_solution_in_its_order(string solver)
    {
        List<(double Steps, double Error)> seen = [];
        for (int steps = 8; steps <= 256; steps *= 2)
        {
            float[] grid = Grid(steps);
            double[] fine = GaussianMixture.Grid(grid[0], grid[^1], 1000);
            double error = Error(solver, grid, x => PaperSolvers.Singlestep3(x, fine));
            if (error is >= 1e-5 and <= 1e-1)
            {
                seen.Add((Math.Log2(steps), Math.Log2(error)));
            }
        }

        double slope = -Slope(seen);
        string errors = string.Join(", ", seen.Select(point => $"{Math.Pow(2, point.Steps)}: {Math.Pow(2, point.Error):0.0e0}"));
        Assert.True(seen.Count >= 3 && slope >= _solvers[solver].Order - 0.3, $"order {slope:0.00} from errors {errors}");
    }

    [Fact]
    public void Faults_of_a_table_are_seen()
    {
        float[] grid = Grid(12);
        Assert.False(Error(ReadingX(Table("2S")), Paper("2S", grid)) <= Bound);
        Assert.False(Error(ReadingX(Table("3")), Paper("3", grid)) <= Bound);
        Assert.False(Error(Without(Table("2M")), Paper("2M", grid)) <= Bound);
        Assert.False(Error(Exchanged(Table("3M")), Paper("3M", grid)) <= Bound);
        Assert.False(Error(Table("2"), Paper("2S", grid)) <= Bound);

        SamplerTable Table(string solver) => _solvers[solver].Table(grid);

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
                    : step with { Updates = [step.Updates[0] with { H1 = step.Updates[0].H2, H2 = step.Updates[0].H1 }, .. step.Updates[1..]] }),
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

    // DDIM knows a process by its timesteps: here the times of the grid, the last of which is where it ends.
    private static SamplerTable DdimTable(float[] grid)
    {
        double[] products = [.. grid.Reverse().Select(t => Math.Pow(GaussianMixture.Alpha(t), 2))];
        double[] betas = [.. products.Select((product, i) => 1 - (product / (i == 0 ? 1 : products[i - 1])))];
        SamplerTable table = Ddim.Table(NoiseSchedule.Of(betas, firstTimestep: 0));
        return table with { Evaluations = [.. table.Evaluations.SkipLast(1).Select((row, i) => row with { Time = grid[i] })] };
    }

    private static float[] Grid(int steps) => TimeGrid.Times(TimeSpacing.LogSnr, GaussianMixture.Process, steps);

    private static Func<double, double> Paper(string solver, float[] grid) => x => _solvers[solver].Paper(x, [.. grid.Select(t => (double)t)]);

    private static double Error(string solver, float[] grid, Func<double, double> exact) => Error(_solvers[solver].Table(grid), exact);

    // The largest distance from the exact results, relative to the largest of these.
    private static double Error(SamplerTable sampler, Func<double, double> exact)
    {
        float[] start = RandomData.Normal(seed: 17, 150), actual = TableRunner.Run(sampler, start, (x, time) => GaussianMixture.Eps(x, time));
        double[] expected = [.. start.Select(x => exact(x))];
        return actual.Zip(expected, (a, e) => Math.Abs(a - e)).Max() / expected.Max(Math.Abs);
    }

    private static double Slope(List<(double X, double Y)> points)
    {
        (double x, double y) = (points.Average(p => p.X), points.Average(p => p.Y));
        return points.Sum(p => (p.X - x) * (p.Y - y)) / points.Sum(p => (p.X - x) * (p.X - x));
    }
}
