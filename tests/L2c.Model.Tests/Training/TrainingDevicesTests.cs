using L2c.Kernels;
using L2c.Model.Tests.Golden;
using L2c.Model.Training;
using L2c.Testing;
using L2c.Weights.Layouts;

namespace L2c.Model.Tests.Training;

/// <summary>One training step of a network on every device: the CPU's is held against the naive one, CUDA's against the CPU's.</summary>
public sealed class TrainingDevicesTests
{
    private const int Batch = 2;

    // CUDA's rows are read in eights.
    private static readonly DitArchitecture _network = TrainingFixture.Tiny with { HiddenSize = 16 };

    // As published; with clipping, by a bound that is far below the gradient's norm, and weights of the error.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_training_step_is_the_same_on_the_naive_device(bool clips)
    {
        using var naive = new NaiveDevice(DType.F32);
        Compare(naive, clips);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_training_step_is_the_same_on_CUDA(bool clips)
    {
        using var cuda = new CudaUnderTest(CudaPrecision.F32);
        Compare(cuda.Device, clips);
    }

    private static void Compare(Device device, bool clips)
    {
        using var cpu = new CpuDevice(2);
        (float[] losses, float[][] states) = Train(cpu, clips);
        (float[] otherLosses, float[][] otherStates) = Train(device, clips);
        AssertClose(losses, otherLosses, 1e-5);
        foreach (ParameterState state in Enum.GetValues<ParameterState>())
        {
            // AdamW divides by the gradient's size, so that rounding moves a parameter whose gradient is rounding by up to the learning rate.
            AssertClose(states[(int)state], otherStates[(int)state], state is ParameterState.Weights or ParameterState.Average ? 1e-3 : 5e-5);
        }
    }

    private static (float[] Losses, float[][] States) Train(Device device, bool clips)
    {
        using var step = NetworkTrainingStep.Plan(
            _network, RandomDit.Reader(_network), device, Batch, new TrainingPlanOptions(), clips ? 0.01 : null, clips ? 5 : null);
        float[] x0 = Array.ConvertAll(TrainingFixture.Normal(3, step.StateShape.Count), v => Math.Clamp(v / 2, -1, 1));
        float[] noise = TrainingFixture.Normal(5, step.StateShape.Count), losses = new float[2 * Batch];
        for (int i = 1; i <= 2; i++)
        {
            step.Run(x0, noise, [1, 3], [0, 640], new OptimizerStep(i, 1e-3, 0.5), losses);
            Assert.True(!clips || step.ReadGradientNorm() > 0.1);
        }

        return (losses, [.. Enum.GetValues<ParameterState>().Select(state =>
        {
            float[] values = new float[step.StateLength];
            step.ReadState(state, values);
            return values;
        })]);
    }

    private static void AssertClose(float[] expected, float[] actual, double bound)
    {
        double largest = expected.Max(Math.Abs);
        Assert.True(largest > 0);
        Assert.Equal(expected.Length, actual.Length);
        for (int i = 0; i < expected.Length; i++)
        {
            Assert.True(
                Math.Abs(expected[i] - actual[i]) <= bound * largest, $"element {i}: {actual[i]}, expected {expected[i]} of at most {largest}");
        }
    }
}
