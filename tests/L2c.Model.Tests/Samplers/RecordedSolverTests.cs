using L2c.Model.Networks;
using L2c.Model.Samplers;
using L2c.Testing.Golden;
using L2c.Weights.Layouts;

namespace L2c.Model.Tests.Samplers;

/// <summary>The published code's recordings of U-ViT without its network: each recorded x and guided output must give the next recorded x.</summary>
public sealed class RecordedSolverTests
{
    /// <summary>Relative to the largest value of the tensor at that step; the manifest allows 2e-5.</summary>
    private const double Bound = 6e-7;

    public static TheoryData<string> Files =>
        [.. GoldenManifest.Cases.Where(golden => golden.Family == "uvit" && golden.Kind is "sample" or "cached_sample").Select(golden => golden.File)];

    [Theory]
    [MemberData(nameof(Files))]
    public void Steps_reproduce_the_recorded_trajectory(string file)
    {
        GoldenCase golden = GoldenManifest.Find(file);
        Assert.SkipUnless(File.Exists(Path.Combine(golden.Folder, file)), $"{file} is not there");
        using GoldenTensors recorded = golden.Open();
        Trajectory trajectory = new(recorded);
        SamplerTable table = Table("dpm-solver++:2s", trajectory.Evaluations);
        Assert.Equal(trajectory.Evaluations, table.Evaluations.Count);

        // The ends of steps have the published bits; points between them differ in the last one now and then, by PyTorch's logarithm.
        float[] times = recorded.Floats("eval_t");
        for (int e = 0; e < table.Evaluations.Count; e++)
        {
            float expected = times[e] * 1000, actual = table.Evaluations[e].Time;
            Assert.InRange(Math.Abs(actual - expected), 0, e % 2 == 0 ? 0 : 2e-4);
        }

        Assert.InRange(trajectory.Worst(table), 0, Bound);
        Assert.False(trajectory.Worst(Table("dpm-solver:2", trajectory.Evaluations)) <= Bound, "noise prediction");
        Assert.False(trajectory.Worst(Table("dpm-solver++:2s", trajectory.Evaluations, "logSNR")) <= Bound, "another grid");
    }

    private static SamplerTable Table(string name, int evaluations, string? grid = null) =>
        SamplerCatalog.Create(NetworkFamilies.Describe(PublishedModels.Find("U-ViT-H/2")!), $"{evaluations}", name, null, grid);

    private sealed class Trajectory(GoldenTensors recorded)
    {
        private readonly double[] _inputs = recorded.Doubles("eval_x"), _eps = recorded.Doubles("eval_eps"), _ends = recorded.Doubles("x_steps");

        public int Evaluations { get; } = (int)recorded.Shape("eval_x")[0];

        /// <summary>The worst evaluation's largest error of the state that it leads to, relative to that state's largest value.</summary>
        public double Worst(SamplerTable table)
        {
            int size = _inputs.Length / Evaluations;
            double worst = 0;
            for (int e = 0; e < Evaluations; e++)
            {
                int at = e * size, start = e / 2 * 2 * size;
                SamplerEvaluation row = table.Evaluations[e];
                (double error, double largest) = (0, 0);
                for (int i = 0; i < size; i++)
                {
                    double x0 = (row.Prediction.InputToX0 * _inputs[at + i]) - (row.Prediction.EpsToX0 * _eps[at + i]);
                    double next = (row.Updates[0].X * _inputs[start + i]) + (row.Updates[0].X0 * x0) + (row.Updates[0].Eps * _eps[at + i]);
                    double expected = e % 2 == 0 ? _inputs[at + size + i] : _ends[(e / 2 * size) + i];
                    (error, largest) = (Math.Max(error, Math.Abs(next - expected)), Math.Max(largest, Math.Abs(expected)));
                }

                worst = Math.Max(worst, error / largest);
            }

            return worst;
        }
    }
}
