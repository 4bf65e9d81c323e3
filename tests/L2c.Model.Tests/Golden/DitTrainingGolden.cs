using System.Text.Json;
using L2c.Kernels;
using L2c.Model.Networks.Dit;
using L2c.Model.Samplers;
using L2c.Model.Training;
using L2c.Testing.Golden;
using L2c.Weights.Layouts;

namespace L2c.Model.Tests.Golden;

/// <summary>Kind "router_training": optimisation steps of a router, compared after every draw and every step.</summary>
internal static class DitTrainingGolden
{
    /// <summary>Tensors that are means of squared differences of two outputs.</summary>
    public static readonly string[] Squares = ["data_loss", "loss"];

    public static GoldenResult Run(GoldenCase golden, Device device, GoldenFault fault = GoldenFault.None, TrainingPlanOptions? options = null)
    {
        var result = new GoldenResult(golden);
        using GoldenTensors recorded = golden.Open();
        using DitModel model = DitGolden.Load(golden, device, use: WeightUse.RouterTraining);
        NoiseSchedule grid = NoiseSchedule.Linear.Respace(Respacing.Select(golden.Case.GetProperty("steps").GetInt32()));
        int[] draws = recorded.Ints("t");
        int world = golden.Case.GetProperty("world").GetInt32(), batch = (int)recorded.Shape("y")[1];
        using RouterDraw step = RouterDraw.Plan(model, grid, batch, options ?? new TrainingPlanOptions());
        RouterObjective objective = Objective(golden, recorded, step.Branches, fault);

        result.CompareExactly<long>("t_model_full", Timesteps(1), recorded.Longs("t_model_full"));
        result.CompareExactly<long>("t_model_next", Timesteps(0), recorded.Longs("t_model_next"));
        var compared = new DrawComparison(result, recorded, step, objective);
        for (int draw = 0; draw < draws.Length; draw++)
        {
            compared.Run(draw, draws[draw]);
            if ((draw + 1) % world == 0)
            {
                compared.Step(draw / world, world, fault);
            }
        }

        return result;

        long[] Timesteps(int after) => [.. draws.SelectMany(t => Enumerable.Repeat((long)grid.TimestepMap[(2 * t) + after], batch))];
    }

    /// <summary>Whether a fault changes anything beyond rounding in this case, so that the case must reject it.</summary>
    public static bool Sees(GoldenCase golden, GoldenFault fault)
    {
        double lambda = golden.Case.GetProperty("lambda").GetDouble(), rate = golden.Case.GetProperty("lr").GetDouble();
        return fault switch
        {
            GoldenFault.LambdaDoubled => lambda >= 1e-4,
            GoldenFault.ClampMissing => rate * golden.Case.GetProperty("optimizer_steps").GetInt32() > 5,
            GoldenFault.IdleRoutersStepped or GoldenFault.CachedAndFreshSwapped => true,
            _ => false,
        };
    }

    private static RouterObjective Objective(GoldenCase golden, GoldenTensors recorded, int branches, GoldenFault fault) =>
        new(recorded.Floats("prob_init"), branches)
        {
            Lambda = golden.Case.GetProperty("lambda").GetDouble() * (fault == GoldenFault.LambdaDoubled ? 2 : 1),
            LearningRate = golden.Case.GetProperty("lr").GetDouble(),
            Clamp = fault == GoldenFault.ClampMissing ? null : Number(golden, "clamp"),
            StraightThroughThreshold = Number(golden, "straight_through_threshold"),
        };

    private static double? Number(GoldenCase golden, string name) =>
        golden.Case.GetProperty(name) is { ValueKind: JsonValueKind.Number } number ? number.GetDouble() : null;

    /// <summary>Runs recorded draws and compares what they and the steps after them give.</summary>
    private sealed class DrawComparison(GoldenResult result, GoldenTensors recorded, RouterDraw step, RouterObjective objective)
    {
        private readonly TransformerArchitecture _architecture = step.Model.Architecture;
        private readonly float[] _noised = new float[step.StateShape.Count], _weights = new float[step.Branches];
        private readonly double[] _gradient = new double[step.Branches];
        private readonly Dictionary<string, double[]> _recorded =
            result.Golden.Case.GetProperty("bounds").EnumerateObject().ToDictionary(b => b.Name, b => recorded.Doubles(b.Name));

        public void Run(int draw, int t)
        {
            int router = 2 * t;
            float[] x0 = Row(recorded.Floats("x"), draw), noise = Row(recorded.Floats("noise"), draw);
            step.Grid.AddNoise(router + 1, x0, noise, _noised);
            int[] labels = [.. recorded.Ints("y").Zip(recorded.Ints("label_dropout"), (y, dropped) => dropped == 1 ? _architecture.NullLabel : y)];
            objective.Weights(router, _weights);
            double loss = step.Run(t, _noised, labels.AsSpan(draw * step.Batch, step.Batch), _weights, _gradient);

            Compare("x_next", draw, Read(step.StateShape, step.ReadNext));
            Compare("out_teacher", draw, Read(step.OutputShape, step.ReadTeacher));
            Compare("out_student", draw, Read(step.OutputShape, step.ReadStudent));
            Compare("data_loss", draw, [loss]);
            Compare("l1_loss", draw, [objective.Penalty(router)]);
            Compare("loss", draw, [loss + (objective.Lambda * objective.Penalty(router))]);
            objective.Accumulate(router, _gradient);
        }

        public void Step(int index, int world, GoldenFault fault)
        {
            long[] idle = recorded.Longs("grad_none");
            result.CompareExactly<long>(
                $"grad_none[{index}]",
                [.. Enumerable.Range(0, objective.Routers).Select(router => objective.HasGradient(router) ? 0L : 1L)],
                idle.AsSpan(index * objective.Routers, objective.Routers));
            Compare("grad", index, [.. objective.Gradient.ToArray().Select(g => g / world)]);
            if (fault == GoldenFault.IdleRoutersStepped)
            {
                double[] nothing = [.. Enumerable.Repeat(-objective.Lambda, objective.Branches)];
                foreach (int router in Enumerable.Range(0, objective.Routers).Where(router => !objective.HasGradient(router)))
                {
                    objective.Accumulate(router, nothing);
                }
            }

            objective.Step(world);
            Compare("prob_after", index, Doubles(objective.Logits));
            Compare("exp_avg", index, Doubles(objective.FirstMoment));
            Compare("exp_avg_sq", index, Doubles(objective.SecondMoment));
        }

        private static double[] Doubles(ReadOnlySpan<float> values) => Array.ConvertAll(values.ToArray(), v => (double)v);

        private static double[] Read(Shape shape, Reader read)
        {
            float[] values = new float[shape.Count];
            read(values);
            return Doubles(values);
        }

        private float[] Row(float[] values, int row) => values[(row * _noised.Length)..((row + 1) * _noised.Length)];

        private void Compare(string name, int row, double[] actual)
        {
            if (_recorded.TryGetValue(name, out double[]? expected))
            {
                result.Compare(name, actual, expected.AsSpan(row * actual.Length, actual.Length), row);
            }
        }

        private delegate void Reader(Span<float> destination);
    }
}
