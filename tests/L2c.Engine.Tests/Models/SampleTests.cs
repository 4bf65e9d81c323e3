using L2c.Kernels;
using L2c.Testing;
using L2c.Weights;
using L2c.Weights.Safetensors;

namespace L2c.Engine.Tests;

public sealed class SampleTests : IDisposable
{
    private static readonly SampleRequest _request = new() { Steps = "4", Count = 3, Batch = 2 };

    private readonly TemporaryFolder _folder = new();
    private readonly LoadedModel _model;

    public SampleTests() => _model = LoadedModel.Open(TinyModel.Write(_folder.File("m.safetensors"), TinyModel.Pixels), DeviceChoice.Cpu);

    [Fact]
    public void One_call_opens_a_network_and_one_samples_it()
    {
        SampleResult result = _model.Sample(_request);
        Assert.Equal(3 * 3 * 8 * 8, result.Samples.Length);
        Assert.Equal(0, result.NonFiniteCount);
        Assert.Equal(("tiny pixels", "fp32"), (result.Facts.Model, result.Facts.Dtype));
        result.WritePng(_folder.File("a.png"));
        PngDecoder png = PngDecoder.Decode(File.ReadAllBytes(_folder.File("a.png")));
        Assert.Equal(result.Description.ToJsonString(ReportJson.Options), png.Text["l2c"]);
    }

    [Fact]
    public async Task Asynchronously_the_samples_are_the_same_and_every_evaluation_is_told()
    {
        Reports reports = new();
        SampleResult result = await _model.SampleAsync(_request, reports);
        Assert.Equal(_model.Sample(_request).Samples, result.Samples);
        Assert.Equal(Enumerable.Range(0, 9), reports.All.Select(report => report.Done)); // two batches of four evaluations
        Assert.All(reports.All, report => Assert.Equal(("3 images, 4 steps", 8), (report.Work, report.Total)));
    }

    [Fact]
    public async Task A_cancelled_task_ends_between_evaluations_and_leaves_the_model_usable()
    {
        using CancellationTokenSource source = new();
        Reports reports = new() { Then = report => CancelAfter(source, report) };
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _model.SampleAsync(_request, reports, source.Token));
        Assert.Equal(2, reports.All[^1].Done);
        Assert.Equal(0, _model.Sample(_request).NonFiniteCount);

        static void CancelAfter(CancellationTokenSource source, WorkProgress report)
        {
            if (report.Done == 2)
            {
                source.Cancel();
            }
        }
    }

    [Fact]
    public async Task Two_tasks_on_one_model_wait_for_each_other()
    {
        SampleRequest other = _request with { Seed = 1 };
        float[] first = _model.Sample(_request).Samples, second = _model.Sample(other).Samples;
        SampleResult[] both = await Task.WhenAll(_model.SampleAsync(_request), _model.SampleAsync(other));
        Assert.Equal(first, both[0].Samples);
        Assert.Equal(second, both[1].Samples);
        Assert.NotEqual(first, second);
    }

    [Fact]
    public void States_are_kept_when_they_are_asked_for()
    {
        SampleResult result = _model.Sample(_request with { KeepStates = true });
        Assert.Equal(4, result.States.Count);
        Assert.Equal(result.Samples, result.States[^1]);
        SampleFiles.WriteStates(_folder.File("s.safetensors"), false, result);
        using TensorFile file = TensorFiles.Open(_folder.File("s.safetensors"));
        Assert.Equal([4, 3, 3, 8, 8], file.Find("x_steps")!.Shape);
    }

    [Theory]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    [InlineData(1e300)]
    [InlineData(-0.5)]
    public void Guidance_that_makes_no_prediction_is_refused(double scale)
    {
        RequestException refusal = Assert.Throws<RequestException>(() => _model.Sample(_request with { CfgScale = scale }));
        Assert.Contains("finite scale", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Samples_are_evaluated_and_a_person_is_told_of_few()
    {
        string data = _folder.File("data.safetensors");
        SafetensorsData.Write(data, [("images", [20, 3, 8, 8], new float[20 * 3 * 8 * 8])], new Dictionary<string, string>(), overwrite: false);
        EvaluateRequest request = new() { Sample = _request, Data = data, DataCount = 10, Ddim = ["2"] };
        Reports reports = new();
        EvaluateResult result = await _model.EvaluateAsync(request, reports);
        Assert.Equal((3, 10, 3, 2), (result.Samples.Images, result.DataImages, result.Floor!.Images, result.Ddim![0].Steps));
        string[] remarks = [.. reports.All.Select(report => report.Remark).OfType<string>()];
        Assert.Equal(2, remarks.Count(remark => remark.StartsWith("warning: ", StringComparison.Ordinal)));
        Assert.Throws<RequestException>(() => _model.Evaluate(request with { Data = ImageSets.Default })); // 32 x 32
    }

    [Fact]
    public void A_device_that_is_open_already_says_what_it_stores()
    {
        using CudaUnderTest cuda = new(CudaPrecision.F16);
        using OpenedModel opened = OpenedModel.Open(_model.Source);
        using LoadedModel model = opened.Load(cuda.Device);
        Assert.Equal(("fp16", "fp16"), (model.Choice.Dtype, model.Facts.Dtype));
        model.Dispose();
        cuda.Device.Synchronize(); // still the caller's
    }

    [Fact]
    public void A_comparison_needs_a_schedule()
    {
        Assert.Throws<RequestException>(() => _model.Sample(_request with { Compare = true }));
        SampleResult result = _model.Sample(_request with { Compare = true, Cache = new CacheRequest { Rule = "interval:2" } });
        Assert.Equal(result.Comparison!.Uncached, _model.Sample(_request).Samples);
        Assert.Equal(8, result.Cost!.CacheBranches);
    }

    public void Dispose()
    {
        _model.Dispose();
        _folder.Dispose();
    }
}
