using L2c.Kernels;
using L2c.Model.Networks.Dit;
using L2c.Model.Samplers;
using L2c.Model.Training;
using L2c.Weights.Layouts;

namespace L2c.Model.Tests.Training;

/// <summary>What is predicted on paper is what is allocated.</summary>
public sealed class TrainingMemoryTests
{
    public static TheoryData<bool> Recompute => TrainingFixture.Recompute;

    [Theory]
    [MemberData(nameof(Recompute))]
    public void A_router_step_allocates_what_was_predicted(bool recompute)
    {
        TrainingPlanOptions options = TrainingFixture.Options(recompute);
        using var device = new CpuDevice(1);
        TrainingMemory predicted = RouterDraw.Predict(RandomDit.Small, device, Ddim.Table(4), 3, options);
        Assert.Equal(0, device.AllocatedBytes);
        using DitModel model = RandomDit.Load(RandomDit.Small, device, WeightUse.RouterTraining);
        using RouterDraw step = RouterDraw.Plan(model, Ddim.Table(4), 3, options);
        Assert.Equal(device.AllocatedBytes, predicted.TotalBytes);
        Assert.Equal(step.Memory.Parts, predicted.Parts);
    }

    [Theory]
    [MemberData(nameof(Recompute))]
    public void A_training_step_allocates_what_was_predicted(bool recompute)
    {
        TrainingPlanOptions options = TrainingFixture.Options(recompute);
        using var device = new CpuDevice(1);
        TrainingMemory predicted = NetworkTrainingStep.Predict(RandomDit.Small, device, 3, options);
        Assert.Equal(0, device.AllocatedBytes);
        using var step = NetworkTrainingStep.Plan(RandomDit.Small, RandomDit.Reader(RandomDit.Small), device, 3, options);
        Assert.Equal(device.AllocatedBytes, predicted.TotalBytes);
        Assert.Equal(step.Memory.Parts, predicted.Parts);
    }

    [Fact]
    public void Of_DiT_XL_2_at_batch_8_recomputation_keeps_a_fraction()
    {
        using var device = new CpuDevice(1);
        DitArchitecture xl = Assert.IsType<DitArchitecture>(PublishedModels.Find("DiT-XL/2"));
        const int batch = 8;
        long stream = (long)batch * xl.Tokens * xl.HiddenSize * sizeof(float);
        TrainingMemory kept = RouterDraw.Predict(xl, device, Ddim.Table(4), batch, new());
        TrainingMemory recomputed = RouterDraw.Predict(xl, device, Ddim.Table(4), batch, new() { Recompute = true });

        // In streams of B T C values: a block keeps X, qkv and output of its attention (5) and X, hidden and output of its MLP (6), the first one
        // only the output of its attention (7), and there is the stream before the last norm.
        Assert.Equal(((27 * 11) + 7 + 1) * stream, Part(kept, "kept for the backward pass"));
        Assert.Equal((28 + 1 + 1 + 4 + 6) * stream, Part(recomputed, "kept for the backward pass"));

        // And w and 1 - w per branch with a share of its gradient per token.
        Assert.Equal((56 * (stream + (batch * xl.Tokens * sizeof(float)))) + (2 * Arena.AlignmentBytes), Part(kept, "cached branch outputs"));
        Assert.Equal(
            kept.TotalBytes - Part(kept, "kept for the backward pass"), recomputed.TotalBytes - Part(recomputed, "kept for the backward pass"));
        Assert.Contains("total", kept.Describe(), StringComparison.Ordinal);

        static long Part(TrainingMemory memory, string name) => memory.Parts.Single(part => part.Name == name).Bytes;
    }
}
