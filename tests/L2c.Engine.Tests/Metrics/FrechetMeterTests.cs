using L2c.Testing;
using L2c.Weights.Layouts;
using L2c.Weights.Memory;

namespace L2c.Engine.Tests.Metrics;

public sealed class FrechetMeterTests
{
    // Eight images of as many features are one more than an array holds.
    private const int Length = 1 << 28;

    [Fact]
    public void More_images_than_an_array_holds_features_of_are_refused_before_any_is_read()
    {
        using MemoryImages images = new("many", new float[9], 1, 1, 1);
        using WideFeatures features = new();
        RequestException thrown = Assert.Throws<RequestException>(
            () => new FrechetMeter(images, 9, features, threads: 1, HostMemory.Machine, new TaskContext(null, default)));
        Assert.Equal("many: 9 images are more than the 7 whose 268435456 features can be compared; give fewer", thrown.Message);
        FrechetMeter.RequireFits("as many as fit", 7, Length);
    }

    [Theory]
    [InlineData(1_048_575, true)]
    [InlineData(1_048_576, false)]
    public void A_model_is_not_asked_for_more_samples_than_can_be_compared(int count, bool fits)
    {
        EvaluateRequest request = new() { Sample = new SampleRequest { Count = count, Steps = "2" }, Inception = "inception.pth" };
        Exception? thrown = Record.Exception(() => new EvaluateJob(request, TinyModel.Pixels, DeviceChoice.Cpu));
        Assert.Equal(fits ? null : typeof(RequestException), thrown?.GetType());
        _ = new EvaluateJob(request with { Inception = null }, TinyModel.Pixels, DeviceChoice.Cpu);
    }

    [Fact]
    public void Far_more_features_of_the_network_than_an_integer_counts_are_refused() => Assert.Throws<RequestException>(
        () => FrechetMeter.RequireFits("4 million", FrechetMeter.MaxImages, InceptionStructure.PoolLength));

    private sealed class WideFeatures : IDistanceFeatures
    {
        public string Name => "wide";

        public int Length => FrechetMeterTests.Length;

        public string? FindProblem(int channels, int height, int width) => null;

        public MemoryNeed Need(int channels, int height, int width, int count) => default;

        public void Extract(IImageSet images, long first, int count, double[] features) => Assert.Fail("images were read");

        public void Dispose()
        {
        }
    }
}
