using L2c.Kernels;
using L2c.Model.Networks;
using L2c.Model.Samplers;
using L2c.Model.Training;
using L2c.Testing.Golden;

namespace L2c.Model.Tests.Golden;

/// <summary>Kind "router_training" of a U-ViT: optimisation steps of one draw each, with the published objective.</summary>
internal static class UVitTrainingGolden
{
    public static GoldenResult Run(GoldenCase golden, Device device, GoldenFault fault = GoldenFault.None, TrainingPlanOptions? options = null)
    {
        var result = new GoldenResult(golden);
        using GoldenTensors recorded = golden.Open();
        using Network model = GoldenNetwork.Load(golden, device, use: WeightUse.RouterTraining);
        SamplerTable sampler = UVitSampleGolden.SamplerOf(golden, model.Info, fault);
        int[] draws = recorded.Ints("random_step"), labels = recorded.Ints("y");
        int batch = labels.Length / draws.Length;
        CachingRecipe recipe = model.Info.Family.Recipe(model.Architecture, sampler.Evaluations.Count);
        using RouterDraw step = RouterDraw.Plan(model, sampler, batch, options ?? new TrainingPlanOptions(), reduction: recipe.Reduction);
        result.CompareExactly<long>(
            "t_teacher", [.. draws.SelectMany(t => Enumerable.Repeat((long)step.Table.Times(t)[^1], batch))], recorded.Longs("t_teacher"));
        var compared = new RouterTrainingComparison(result, recorded, step, fault, "z0", labels);
        for (int draw = 0; draw < draws.Length; draw++)
        {
            compared.Run(draw, draws[draw]);
            compared.Step(draw, 1);
        }

        return result;
    }

    /// <summary>Whether a fault changes anything beyond rounding in this case, so that the case must reject it.</summary>
    public static bool Sees(GoldenCase golden, GoldenFault fault)
    {
        if (fault != GoldenFault.GridInDoublePrecision)
        {
            return fault is GoldenFault.LambdaDoubled or GoldenFault.IdleRoutersStepped or GoldenFault.CachedAndFreshSwapped;
        }

        // Of 20 evaluations the sixth step begins at 0.5005: seen where it is compared at or begun with.
        if (golden.Case.GetProperty("evaluations").GetInt32() != 20 || !File.Exists(Path.Combine(golden.Folder, golden.File)))
        {
            return false;
        }

        using GoldenTensors recorded = golden.Open();
        return recorded.Ints("random_step").Any(t => t is 4 or 5);
    }
}
