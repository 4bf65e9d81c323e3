using L2c.Kernels;
using L2c.Model.Calibration;
using L2c.Testing;

namespace L2c.Engine.Tests.Calibration;

/// <summary>Calibrations by a program: what they take is counted, and batches change no figure.</summary>
public sealed class CalibrationTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public static TheoryData<string> Methods => [.. CalibrationMethod.All.Select(method => method.Name)];

    [Theory]
    [MemberData(nameof(Methods))]
    public void A_calibration_allocates_what_was_counted(string method)
    {
        // 1024 tokens an image and two rows, so that what is held outweighs everything else.
        using OpenedModel opened = OpenedModel.Random("2x32x2/1");
        using LoadedModel model = opened.Load(DeviceChoice.Cpu);
        var device = (CpuDevice)model.Device;
        CalibrationRequest request = Request(method, count: 2, batch: 2, "warm");
        _ = model.Calibrate(request with { Sample = request.Sample with { Count = 1, Batch = 1 } }); // what is compiled and kept for ever
        CalibrationJob job = new(request with { Folder = _folder.File("a") }, opened.Architecture, DeviceChoice.Cpu);
        MemoryNeed need = job.Need(device, 2);
        CalibrationRequest many = Request(method, count: 200, batch: 2, "b");
        Assert.Equal(need, new CalibrationJob(many, opened.Architecture, DeviceChoice.Cpu).Need(device, 2)); // samples are not kept
        long peak = 0, before = GC.GetAllocatedBytesForCurrentThread();
        _ = model.Calibrate(job, new Reports { Then = _ => peak = Math.Max(peak, device.AllocatedBytes) });
        Assert.Equal(WeightMemory.Of(opened.Architecture, device).Device + need.Device, peak);
        long held = sizeof(float) * job.Method.HeldValues(opened.Architecture, 6, request.Settings, 2, 4);
        Assert.InRange(need.Arrays, held, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Theory]
    [MemberData(nameof(Methods))]
    public void Batches_change_figures_by_rounding_at_most(string method)
    {
        using LoadedModel model = LoadedRandom();
        CalibrationResult one = model.Calibrate(Request(method, count: 3, batch: 3, "one"));
        CalibrationResult several = model.Calibrate(Request(method, count: 3, batch: 2, "several"));
        Assert.Equal(3, several.Images);
        Assert.Equal(one.Table.Figures.Keys.Order(), several.Table.Figures.Keys.Order());

        // A fit magnifies rounding.
        foreach ((string name, double[] figures) in one.Table.Figures.Where(figure => figure.Key != "polynomial"))
        {
            Assert.All(
                figures.Zip(several.Table.Figures[name]),
                pair => Assert.InRange(Math.Abs(pair.First - pair.Second) / Math.Abs(pair.First), 0, 1e-6));
        }
    }

    [Fact]
    public void An_unknown_method_and_settings_out_of_range_are_refused()
    {
        using LoadedModel model = LoadedRandom();
        CalibrationRequest request = Request("smoothcache", 1, 1, "x");
        Refused(
            "--method smothcache: there is no such method; give smoothcache, teacache, magcache, easycache; did you mean smoothcache?",
            request with { Method = "smothcache" });
        Refused("--alpha: thresholds are finite numbers of at least 0", request with { Thresholds = [double.NaN] });
        Refused("--alpha 0.1 is given twice; give each threshold once", request with { Thresholds = [0.1, 0.2, 0.10] });
        Refused("--lookahead needs at least 1", request with { Settings = new CalibrationSettings { Lookahead = 0 } });
        Refused("--max-skips needs at least 1", request with { Settings = new CalibrationSettings { MaxSkips = 0 } });
        Refused("--retention-ratio needs a number from 0 to 1", request with { Settings = new CalibrationSettings { Retention = 2 } });
        Refused("--ret-steps needs at least 1", request with { Settings = new CalibrationSettings { FirstComputed = 0 } });
        Assert.False(Directory.Exists(request.Folder));

        void Refused(string expected, CalibrationRequest wrong) =>
            Assert.StartsWith(expected, Assert.Throws<RequestException>(() => model.Calibrate(wrong)).Message, StringComparison.Ordinal);
    }

    public void Dispose() => _folder.Dispose();

    private static LoadedModel LoadedRandom()
    {
        using OpenedModel opened = OpenedModel.Random("2x32x2/8");
        return opened.Load(DeviceChoice.Cpu);
    }

    private CalibrationRequest Request(string method, int count, int batch, string folder) => new()
    {
        Sample = new SampleRequest { Steps = "6", Count = count, Batch = batch },
        Method = method,
        Folder = _folder.File(folder),
    };
}
