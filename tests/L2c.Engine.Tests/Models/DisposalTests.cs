using L2c.Kernels;
using L2c.Testing;

namespace L2c.Engine.Tests;

public sealed class DisposalTests : IDisposable
{
    private static readonly SampleRequest _request = new() { Steps = "2", Count = 1 };

    private readonly TemporaryFolder _folder = new();
    private readonly string _path;

    public DisposalTests() => _path = TinyModel.Write(_folder.File("m.safetensors"), TinyModel.Pixels);

    [Fact]
    public async Task A_model_that_is_disposed_of_refuses_every_task()
    {
        LoadedModel model = LoadedModel.Open(_path, DeviceChoice.Cpu);
        SampleJob job = new(_request, model.Architecture, model.Choice);
        SweepPlan plan = new(new SweepRequest { Sample = _request, Rules = [] }, model.Architecture, model.Choice);
        SampleResult result = model.Sample(job);
        model.Dispose();
        model.Dispose();
        Action[] uses =
        [
            () => model.Sample(_request), () => model.Sample(job), () => model.Profile(job), () => model.BenchForward(), () => model.BenchSample(job),
            () => model.Evaluate(new EvaluateRequest { Sample = _request }), () => model.Sweep(plan), () => _ = model.Network, () => _ = model.Device,
            () => _ = model.Facts,
        ];
        Assert.All(uses, use => Assert.Throws<ObjectDisposedException>(use));
        await Assert.ThrowsAsync<ObjectDisposedException>(() => model.SampleAsync(_request));
        Assert.Equal(8, result.Picture(0).Width); // results stay
    }

    [Fact]
    public void An_opened_model_outlives_nothing_and_is_outlived()
    {
        OpenedModel opened = OpenedModel.Open(_path);
        using LoadedModel loaded = opened.Load(DeviceChoice.Cpu);
        opened.Dispose();
        Assert.Equal(0, loaded.Sample(_request).NonFiniteCount);
        Assert.Throws<ObjectDisposedException>(() => opened.Load(DeviceChoice.Cpu));
        Assert.Throws<ObjectDisposedException>(() => opened.Read("pos_embed", new float[1]));
        OpenedModel random = OpenedModel.Random("2x32x2/2");
        random.Dispose();
        Assert.Throws<ObjectDisposedException>(() => random.Load(DeviceChoice.Cpu));
    }

    [Fact]
    public void A_planned_forward_pass_does_not_run_after_its_end()
    {
        using LoadedModel model = LoadedModel.Open(_path, DeviceChoice.Cpu);
        var forward = PlannedForward.Plan(model.Network, 1, record: true, parts: false);
        forward.Run();
        forward.Dispose();
        Assert.Throws<ObjectDisposedException>(forward.Run);
        Assert.Throws<ObjectDisposedException>(forward.ReadOutput);
        var orphan = PlannedForward.Plan(model.Network, 1, record: true, parts: false);
        model.Dispose();
        Assert.Throws<ObjectDisposedException>(orphan.Run);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_planned_forward_pass_refuses_a_network_whose_weights_are_gone(bool record)
    {
        using CpuDevice device = new();
        using OpenedModel opened = OpenedModel.Open(_path);
        LoadedModel model = opened.Load(device);
        using var forward = PlannedForward.Plan(model.Network, 1, record, parts: record);
        forward.Run();
        model.Dispose();
        Assert.Throws<ObjectDisposedException>(forward.Run);
        if (record)
        {
            Assert.Throws<ObjectDisposedException>(forward.RunProducts);
        }
    }

    [Fact]
    public void Products_that_were_not_asked_for_do_not_run()
    {
        using LoadedModel model = LoadedModel.Open(_path, DeviceChoice.Cpu);
        using var forward = PlannedForward.Plan(model.Network, 1, record: true, parts: false);
        Assert.Contains("parts", Assert.Throws<InvalidOperationException>(forward.RunProducts).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_model_is_not_disposed_of_in_the_middle_of_its_task()
    {
        using LoadedModel model = LoadedModel.Open(_path, DeviceChoice.Cpu);
        Exception? refusal = null;
        model.Sample(_request, new Callback(() => refusal ??= Record.Exception(model.Dispose)));
        Assert.IsType<InvalidOperationException>(refusal);
        Assert.Equal(0, model.Sample(_request).NonFiniteCount);
    }

    public void Dispose() => _folder.Dispose();

    private sealed class Callback(Action told) : IProgress<WorkProgress>
    {
        public void Report(WorkProgress value) => told();
    }
}
