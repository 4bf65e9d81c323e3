using L2c.Kernels;
using L2c.Model.Networks.Dit;
using L2c.Model.Samplers;
using L2c.Model.Training;
using L2c.Testing;

namespace L2c.Model.Tests.Training;

public sealed class TrainingAllocationTests
{
    private const int Batch = 2;

    [Fact]
    public void A_draw_of_a_router_and_its_optimisation_step_allocate_nothing()
    {
        using var device = new CpuDevice(2);
        using DitModel model = RandomDit.Load(RandomDit.Small, device, WeightUse.RouterTraining);
        using RouterDraw step = RouterDraw.Plan(model, Ddim.Table(4), Batch, new() { Recompute = true });
        var objective = new RouterObjective(new float[4 * step.Branches], step.Branches) { Lambda = 1e-3, LearningRate = 0.01 };
        float[] noised = TrainingFixture.Normal(1, step.StateShape.Count), weights = new float[step.Branches];
        double[] gradient = new double[step.Branches];
        TeamAllocations.AssertNone(device, () =>
        {
            for (int t = 0; t < step.Table.Count; t++)
            {
                objective.Weights(2 * t, weights);
                step.Run(t, noised, [1, 3], weights, gradient);
                objective.Accumulate(2 * t, gradient);
            }

            objective.Step(2);
        });
    }

    [Fact]
    public void A_training_step_allocates_nothing()
    {
        using var device = new CpuDevice(2);
        using var step = NetworkTrainingStep.Plan(RandomDit.Small, RandomDit.Reader(RandomDit.Small), device, Batch, new(), mostNorm: 1, minSnrGamma: 5);
        float[] x0 = TrainingFixture.Normal(1, step.StateShape.Count), noise = TrainingFixture.Normal(2, step.StateShape.Count);
        float[] losses = new float[2 * Batch];
        int number = 0;
        TeamAllocations.AssertNone(device, () =>
        {
            step.Run(x0, noise, [1, 3], [5, 700], new OptimizerStep(++number, 1e-4), losses);
            step.ReadGradientNorm();
        });
    }
}
