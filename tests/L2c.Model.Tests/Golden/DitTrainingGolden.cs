using L2c.Kernels;
using L2c.Model.Networks.Dit;
using L2c.Model.Samplers;
using L2c.Model.Training;
using L2c.Testing.Golden;

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
        int[] draws = recorded.Ints("t");
        int world = golden.Case.GetProperty("world").GetInt32(), batch = (int)recorded.Shape("y")[1];
        SamplerTable sampler = Ddim.Table(golden.Case.GetProperty("steps").GetInt32());
        using RouterDraw step = RouterDraw.Plan(model, sampler, batch, options ?? new TrainingPlanOptions());

        result.CompareExactly<long>("t_model_full", Timesteps(0), recorded.Longs("t_model_full"));
        result.CompareExactly<long>("t_model_next", Timesteps(1), recorded.Longs("t_model_next"));
        int nullLabel = model.Architecture.NullLabel;
        int[] labels = [.. recorded.Ints("y").Zip(recorded.Ints("label_dropout"), (y, dropped) => dropped == 1 ? nullLabel : y)];
        var compared = new RouterTrainingComparison(result, recorded, step, fault, "x", labels);
        for (int draw = 0; draw < draws.Length; draw++)
        {
            compared.Run(draw, draws[draw]);
            if ((draw + 1) % world == 0)
            {
                compared.Step(draw / world, world);
            }
        }

        return result;

        long[] Timesteps(int evaluation) => [.. draws.SelectMany(t => Enumerable.Repeat((long)step.Table.Times(t)[evaluation], batch))];
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
}
