using L2c.Kernels;
using L2c.Kernels.Cuda;
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
    public void Numbers_that_make_no_run_are_refused_before_anything_is_read()
    {
        (string Option, SampleRequest Request)[] cases =
        [
            ("--count 0", _request with { Count = 0 }),
            ("--count -1", _request with { Count = -1 }),
            ("--batch 0", _request with { Batch = 0 }),
            ("--threshold NaN", Cached(new CacheRequest { Router = "missing", Threshold = double.NaN })),
            ("--threshold 1.5", Cached(new CacheRequest { Router = "missing", Threshold = 1.5 })),
            ("--threshold applies to a router", Cached(new CacheRequest { Rule = "all", Threshold = 0.5 })),
            ("--router and --cache cannot be combined", Cached(new CacheRequest { Router = "missing", Rule = "all" })),
            ("--cache-dtype says how outputs are kept, and nothing is kept", Cached(new CacheRequest { Type = DType.BF16 })),
            ("--sampler DDPM --steps 4 --eta 1: eta belongs to ddim", _request with { Sampler = "DDPM", Eta = 1 }),
            ("--sampler euler --steps 4: no sampler is named euler", _request with { Sampler = "euler" }),
            ("--steps 4 --grid logSNR: ddim has no grid", _request with { Grid = "logSNR" }),
            ("--sampler dpm-solver:3 --steps 4 --grid cosine: no grid is named cosine", _request with { Sampler = "dpm-solver:3", Grid = "cosine" }),
        ];
        Assert.All(cases, refused =>
        {
            string message = Assert.Throws<RequestException>(() => new SampleJob(refused.Request, _model.Architecture, _model.Choice)).Message;
            Assert.Contains(refused.Option, message, StringComparison.Ordinal);
            Assert.DoesNotContain('\n', message);
        });

        static SampleRequest Cached(CacheRequest cache) => _request with { Cache = cache };
    }

    [Theory]
    [InlineData(CudaPrecision.F32, null)]
    [InlineData(CudaPrecision.TF32, null)]
    [InlineData(CudaPrecision.F16, "--dtype fp16 keeps 16 bits already")]
    [InlineData(CudaPrecision.BF16, null)]
    public void A_cache_in_bf16_is_for_runs_that_store_fp32(CudaPrecision precision, string? refusal)
    {
        DeviceChoice choice = DeviceChoice.Cpu with { Ordinal = 0, Precision = precision };
        SampleRequest request = _request with { Cache = new CacheRequest { Rule = "all", Type = DType.BF16 } };
        if (refusal is null)
        {
            Assert.Equal(DType.BF16, new SampleJob(request, _model.Architecture, choice).Options.CacheType);
        }
        else
        {
            string message = Assert.Throws<RequestException>(() => new SampleJob(request, _model.Architecture, choice)).Message;
            Assert.Contains(refusal, message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_profile_needs_a_recording()
    {
        using LoadedModel model = LoadedModel.Open(_model.Source, DeviceChoice.Cpu with { Graph = false });
        Assert.Contains("--graph off", Assert.Throws<RequestException>(() => model.Profile(_request)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_same_sampler_in_other_letters_is_sampled_once()
    {
        EvaluateRequest request = new() { Sample = _request with { Sampler = "DDIM" }, Ddim = ["4", "2"] };
        EvaluateJob job = new(request, _model.Architecture, _model.Choice);
        Assert.Same(job.Samples, job.Ddim[0]);
        Assert.NotSame(job.Samples, job.Ddim[1]);
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
        using CudaUnderTest cuda = new(CudaPrecision.F16, new CudaOptions { Tune = true, FusedGelu = false });
        using OpenedModel opened = OpenedModel.Open(_model.Source);
        using LoadedModel model = opened.Load(cuda.Device);
        Assert.Equal(("fp16", "fp16"), (model.Choice.Dtype, model.Facts.Dtype));
        Assert.Equal((0, true, false), (model.Choice.Ordinal, model.Choice.Tune, model.Choice.FusedGelu));
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
