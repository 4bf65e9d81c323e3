using L2c.Emulation;
using L2c.Kernels;
using L2c.Model.Training;
using L2c.Testing;
using L2c.Weights.Layouts;
using L2c.Weights.Memory;

namespace L2c.Engine.Tests.Memory;

/// <summary>What a task takes is known before it begins: what does not fit is refused, and what is told to fit does.</summary>
public sealed class MemoryDemandTests : IDisposable
{
    private const string Name = "2x64x2/2";

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Too_large_a_batch_is_refused_with_the_one_that_fits_and_that_one_runs()
    {
        SampleRequest request = new() { Steps = "2", Count = 64, Batch = 64 };
        using OpenedModel opened = OpenedModel.Random(Name);
        SampleJob job = new(request, opened.Architecture, DeviceChoice.Cpu);
        using CpuDevice device = new();
        MemoryNeed weights = WeightMemory.Of(opened.Architecture, device), fits = SampleMemory.OfSampling(job, device, 5);
        long bytes = weights.Device + fits.Device + Math.Max(weights.Arrays, fits.Arrays) + MemoryDemand.RuntimeBytes;
        DeviceChoice choice = DeviceChoice.Cpu with { Memory = Free(bytes + 1023) };

        InsufficientMemoryException refused = Assert.Throws<InsufficientMemoryException>(() => opened.Load(choice, demand: job.Demand));
        Assert.Matches(
            @"^sampling needs [0-9.]+ MiB of memory, and [0-9.]+ MiB are free on this machine; give --batch 5, which needs [0-9.]+ MiB$", refused.Message);
        Assert.Contains($" {HostMemory.Text(bytes)} are free", refused.Message, StringComparison.Ordinal);
        SampleJob smaller = new(request with { Batch = 5 }, opened.Architecture, choice);
        using LoadedModel model = opened.Load(choice, demand: smaller.Demand);
        Assert.Equal(0, model.Sample(smaller).NonFiniteCount);
        Assert.Throws<InsufficientMemoryException>(() => model.Sample(request with { Count = 1 << 16 }));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_sampling_task_allocates_on_the_device_what_was_counted(bool compare)
    {
        SampleRequest request = new() { Steps = "4", Count = 7, Batch = 3, Compare = compare, Cache = new CacheRequest { Rule = "all" } };
        using OpenedModel opened = OpenedModel.Random(Name);
        SampleJob job = new(request, opened.Architecture, DeviceChoice.Cpu);
        using LoadedModel model = opened.Load(DeviceChoice.Cpu);
        CpuDevice device = (CpuDevice)model.Device;
        long counted = WeightMemory.Of(opened.Architecture, device).Device + SampleMemory.OfSampling(job, device, job.Batch).Device, peak = 0;
        _ = model.Sample(job, new Reports { Then = _ => peak = Math.Max(peak, device.AllocatedBytes) });
        Assert.Equal(counted, peak);
    }

    [Fact]
    public void Fitting_a_forecast_allocates_what_was_counted_and_most_of_it_is_kept_outputs()
    {
        // 1024 tokens an image and two rows, of 16 branches two outputs each.
        ForecastRequest request = new()
        {
            Sample = new SampleRequest { Steps = "8", Batch = 1, Cache = new CacheRequest { Rule = "interval:2" } },
            Images = 2,
            HeldOut = 1,
        };
        using OpenedModel opened = OpenedModel.Random("8x32x2/1");
        ForecastJob job = new(request, opened.Architecture, DeviceChoice.Cpu);
        using LoadedModel model = opened.Load(DeviceChoice.Cpu);
        CpuDevice device = (CpuDevice)model.Device;
        _ = model.FitForecast(request); // what is compiled and kept for ever
        MemoryNeed need = job.Need(device, 1);
        long peak = 0, before = GC.GetAllocatedBytesForCurrentThread();
        _ = model.FitForecast(job, new Reports { Then = _ => peak = Math.Max(peak, device.AllocatedBytes) });
        Assert.Equal(WeightMemory.Of(opened.Architecture, device).Device + need.Device, peak);
        Assert.Equal(sizeof(float) * 16 * 2 * 2 * opened.Architecture.Tokens * 32L, job.KeptBytes);
        Assert.InRange(need.Arrays, job.KeptBytes, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public void Arrays_of_images_are_counted()
    {
        // 16 tokens an image, so that images outweigh everything else: 512 images of 16 KiB, at the end of 3 steps each.
        SampleRequest request = new() { Steps = "3", Count = 512, Batch = 64, CfgScale = 1, KeepStates = true };
        using OpenedModel opened = OpenedModel.Random("1x16x2/8");
        SampleJob job = new(request, opened.Architecture, DeviceChoice.Cpu);
        using LoadedModel model = opened.Load(DeviceChoice.Cpu);
        _ = model.Sample(request with { Count = 1 }); // what is compiled and kept for ever
        long counted = SampleMemory.OfSampling(job, model.Device, job.Batch).Arrays, before = GC.GetAllocatedBytesForCurrentThread();
        SampleResult result = model.Sample(job);
        SampleFiles.WriteGrid(_folder.File("a.png"), overwrite: false, result);
        SampleFiles.WriteLatents(_folder.File("a.safetensors"), overwrite: false, result);
        SampleFiles.WriteStates(_folder.File("b.safetensors"), overwrite: false, result);

        // The sheet is the drawing library's memory, which the runtime does not see.
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        PngDecoder sheet = PngDecoder.Decode(File.ReadAllBytes(_folder.File("a.png")));
        allocated += sizeof(int) * (long)sheet.Width * sheet.Height;
        Assert.InRange(counted, allocated * 8 / 10, allocated * 12 / 10);
    }

    [Fact]
    public void Every_task_is_refused_before_anything_is_allocated()
    {
        DeviceChoice short1 = DeviceChoice.Cpu with { Memory = Free(1 << 20) };
        using OpenedModel opened = OpenedModel.Open(TinyModel.Write(_folder.File("m.safetensors"), TinyModel.Pixels));
        SampleRequest request = new() { Steps = "4", Count = 2 };
        SampleJob job = new(request, opened.Architecture, short1);
        EvaluateJob evaluation = new(new EvaluateRequest { Sample = request }, opened.Architecture, short1);
        SweepPlan sweep = new(
            new SweepRequest { Sample = request, Rules = ["top:1"], Folder = _folder.File("sweep") }, opened.Architecture, short1);
        ForecastJob forecast = new(
            new ForecastRequest { Sample = request with { Cache = new CacheRequest { Rule = "all" } } }, opened.Architecture, short1);
        (string, MemoryDemand)[] demands =
        [
            ("sampling needs", job.Demand),
            ("fitting the forecast needs", forecast.Demand),
            ("the profile needs", job.ProfileDemand),
            ("the measurement needs", job.BenchDemand),
            ("the measurement needs", PlannedForward.Demand(opened.Architecture, 2)),
            ("the evaluation needs", evaluation.Demand),
            ("the sweep needs", sweep.Demand),
        ];
        foreach ((string begin, MemoryDemand demand) in demands)
        {
            string message = Assert.Throws<InsufficientMemoryException>(() => opened.Load(short1, demand: demand)).Message;
            Assert.StartsWith(begin, message, StringComparison.Ordinal);
            Assert.Matches(@" 1\.0 MiB are free on this machine; not even --(batch|images) 1 fits, ", message);
        }

        Assert.StartsWith(
            "loading tiny pixels needs", Assert.Throws<InsufficientMemoryException>(() => opened.Load(short1)).Message, StringComparison.Ordinal);
        NetworkTrainingRequest training = new()
        {
            Options = new NetworkTrainingOptions { Batch = 4 },
            Hints = LayoutHints.None with { Model = "2x16x2/8" },
            Folder = _folder.File("a/b/run"),
        };
        Assert.StartsWith(
            "training needs", Assert.Throws<InsufficientMemoryException>(() => NetworkTraining.Run(short1, training)).Message, StringComparison.Ordinal);
        RouterTrainingRequest router = new() { Steps = "4", ImageFree = true, Folder = _folder.File("a/b/run") };
        Assert.StartsWith(
            "training needs", Assert.Throws<InsufficientMemoryException>(() => RouterTraining.Run(opened, short1, router)).Message, StringComparison.Ordinal);
        Assert.Equal(["m.safetensors"], _folder.Names.Where(name => name != "system"));
    }

    [Fact]
    public void Features_of_data_are_counted_before_they_are_read()
    {
        HostMemory host = new HostMemory { Root = _folder.Path } with { Stated = "64M", HeapLimit = long.MaxValue };
        string message = Assert.Throws<InsufficientMemoryException>(
            () => ImageEvaluation.Run("shapes:1", count: 2, data: "shapes:2", dataCount: 1 << 20, memory: host)).Message;
        Assert.Matches(@"^the distance of 1048576 images of shapes, seed 2 needs [0-9.]+ GiB of memory, and 64\.0 MiB are free by L2C_MEMORY; ", message);
    }

    [Fact]
    public void Many_large_images_are_read_in_parts_that_an_array_holds()
    {
        // 4096 x 4096: 256 of them at a time would be more values than an array has.
        Assert.InRange(ImageReader.Bytes(3 * 4096 * 4096, 1000), 3L * 4096 * 4096 * sizeof(float), 1L << 28);
        Assert.Equal(256L * 3 * 32 * 32 * sizeof(float), ImageReader.Bytes(3 * 32 * 32, 1000));
    }

    [Fact]
    public void A_training_step_fits_where_it_is_told_to()
    {
        NetworkTrainingRequest request = new()
        {
            Options = new NetworkTrainingOptions { Batch = 512 },
            Hints = LayoutHints.None with { Model = "2x16x2/4" },
            Folder = _folder.File("run"),
            MaxSteps = 1,
        };
        DeviceChoice choice = DeviceChoice.Cpu with { Memory = Free(48 << 20) };
        int batch = Fitting(request);

        // Grids of samples take memory of their own, beside that of a step.
        NetworkTrainingRequest shown = request with { SampleEvery = 1 };
        int smaller = Fitting(shown);
        Assert.InRange(smaller, 1, batch - 1);
        Assert.True(NetworkTraining.Run(choice, request with { Options = request.Options with { Batch = batch } }).IsFinished);
        shown = shown with { Options = shown.Options with { Batch = smaller }, Folder = _folder.File("shown") };
        Assert.True(NetworkTraining.Run(choice, shown).IsFinished);
        Assert.True(File.Exists(_folder.File("shown/samples/000001.png")));

        int Fitting(NetworkTrainingRequest asked)
        {
            string message = Assert.Throws<InsufficientMemoryException>(() => NetworkTraining.Run(choice, asked)).Message;
            string advised = System.Text.RegularExpressions.Regex.Match(message, "give --batch ([0-9]+), ").Groups[1].Value;
            Assert.True(advised.Length > 0, message);
            return int.Parse(advised);
        }
    }

    [Fact]
    [Trait("Device", "Cuda")]
    public void On_CUDA_it_is_the_devices_memory_that_counts()
    {
        using EmulatedDriver driver = new() { TotalBytes = 256 << 20 };
        EmulatedCublasLt library = new(driver);
        CudaAccess access = new(
            () => throw new InvalidOperationException("chosen already"),
            (ordinal, precision, options) => new CudaDevice(driver, library, ordinal, precision, options with { CacheFolder = _folder.File("cache") }));
        DeviceChoice choice = new() { Cuda = access, Ordinal = 0, Precision = CudaPrecision.BF16 };
        using OpenedModel opened = OpenedModel.Random(Name);
        SampleJob job = new(new SampleRequest { Steps = "2", Count = 256, Batch = 256 }, opened.Architecture, choice);
        string message = Assert.Throws<InsufficientMemoryException>(() => opened.Load(choice, demand: job.Demand)).Message;
        Assert.Matches(@"^sampling needs [0-9.]+ [MG]iB of memory on the device, and [0-9.]+ MiB are free on cuda:0 .*; give --batch [0-9]+, ", message);
    }

    /// <summary>A machine with so much memory.</summary>
    private HostMemory Free(long bytes)
    {
        string root = _folder.File("system");
        Directory.CreateDirectory(Path.Combine(root, "proc"));
        File.WriteAllText(Path.Combine(root, "proc/meminfo"), $"MemAvailable: {bytes / 1024} kB\n");
        return new HostMemory { Root = root, HeapLimit = long.MaxValue };
    }
}
