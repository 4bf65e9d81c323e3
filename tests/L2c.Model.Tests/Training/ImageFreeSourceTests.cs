using L2c.Kernels;
using L2c.Model.Networks.Dit;
using L2c.Model.Randomness;
using L2c.Model.Runs;
using L2c.Model.Samplers;
using L2c.Model.Training;

namespace L2c.Model.Tests.Training;

public sealed class ImageFreeSourceTests
{
    private const int Batch = 3, Step = 4, Draw = 1;

    [Fact]
    public void States_are_those_of_a_sampling_run_from_the_same_noise()
    {
        using CpuDevice device = new(1);
        using DitModel model = RandomDit.Load(RandomDit.Small, device);
        var grid = NoiseSchedule.Linear.Respace(Respacing.Select(10));
        TrainingDraws draws = new(seed: 3, draws: 2, Batch);
        using ImageFreeSource teacher = new(model, new DrawTable(Ddim.Table(grid), model.Info.Process), draws, Batch);
        float[] actual = new float[Batch * 4 * 6 * 6], previous = [];
        for (int t = 4; t >= 0; t--)
        {
            teacher.Denoise(Step, Draw, t, actual);
            float[] expected = Sample(model, grid, draws, teacher.Labels.ToArray(), evaluations: 10 - 2 - (2 * t));
            Assert.Equal(expected, actual);
            Assert.NotEqual(previous, actual);
            previous = [.. actual];
        }
    }

    [Fact]
    public void Labels_are_classes_some_of_them_dropped()
    {
        using CpuDevice device = new(1);
        using DitModel model = RandomDit.Load(RandomDit.Small, device);
        using ImageFreeSource teacher = new(model, new DrawTable(Ddim.Table(2), model.Info.Process), new TrainingDraws(3, 1, 200), 200);
        teacher.Denoise(0, 0, 0, new float[200 * 4 * 6 * 6]);
        int[] labels = teacher.Labels.ToArray();
        Assert.InRange(labels.Count(label => label == RandomDit.Small.NullLabel), 8, 35);
        Assert.Equal(RandomDit.Small.NumClasses + 1, labels.Distinct().Count());
    }

    // A run of everything, whose states are read as they pass.
    private static float[] Sample(DitModel model, NoiseSchedule grid, TrainingDraws draws, int[] labels, int evaluations)
    {
        using var run = SamplingRun.Plan(model, Ddim.Table(grid), Batch, new SamplingOptions { Guidance = Guidance.None });
        float[] state = new float[Batch * 4 * 6 * 6];
        StartNoise noise = new(draws);
        noise.Fill(0, Batch, 4 * 6 * 6, state);
        run.Run(labels, 1, noise, e =>
        {
            if (e == evaluations - 1)
            {
                run.ReadState(state);
            }
        });
        return state;
    }

    private sealed class StartNoise(TrainingDraws draws) : INoiseSource
    {
        public void Fill(int draw, int imageCount, int elementsPerImage, Span<float> destination)
        {
            for (int image = 0; image < imageCount; image++)
            {
                draws.StartNoise(Step, Draw, image, destination.Slice(image * elementsPerImage, elementsPerImage));
            }
        }
    }
}
