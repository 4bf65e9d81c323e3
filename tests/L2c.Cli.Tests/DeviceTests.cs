using L2c.Emulation;
using L2c.Kernels;
using L2c.Native;

namespace L2c.Cli.Tests;

/// <summary>Which device a command computes on, and what it says when that is not there.</summary>
public sealed class DeviceTests : IDisposable
{
    private readonly EmulatedCuda _cuda = new();
    private readonly CliRunner _none = new(), _one;

    public DeviceTests() => _one = new CliRunner { Cuda = _cuda.Access };

    [Theory]
    [InlineData("cuda", "sample")]
    [InlineData("cuda:1", "profile")]
    [InlineData("cuda:0", "bench", "forward")]
    public void Without_libraries_cuda_ends_with_code_3_and_says_what_was_looked_for(string device, params string[] command) =>
        _none.Run([.. command, "--device", device]).MustFail(
            3, $"--device {device}: libcuda: not found; looked for libcuda.so; install it, or use --device cpu");

    [Fact]
    public void Auto_falls_back_to_the_cpu_and_says_so_once()
    {
        const string note =
            "l2c: note: computing on the CPU, because no CUDA device can be used (libcuda: not found); "
            + "use --device cuda for details, --device cpu to silence this\n";
        CliResult auto = Bench(_none);
        Assert.StartsWith("cpu (", auto.Json.GetProperty("device").GetString(), StringComparison.Ordinal);
        Assert.Equal((note, ""), (auto.Note, auto.Err));
        Assert.Equal(note, Bench(_none, "--device", "auto").Note);
        Assert.Equal("", Bench(_none, "--device", "cpu").Note);
        Assert.Equal("", Bench(_none, "--threads", "1").Note);
        Bench(_none, "--dtype", "bf16").MustFail(
            2, "--dtype bf16 is not available on the CPU, which computes in fp32; omit --dtype, or use a CUDA device (libcuda: not found)");
    }

    [Fact]
    public void Auto_takes_the_first_device_in_bf16_unless_threads_are_asked_for()
    {
        System.Text.Json.JsonElement json = Bench(_one).Json;
        Assert.StartsWith("cuda:0 (", json.GetProperty("device").GetString(), StringComparison.Ordinal);
        Assert.Equal("bf16", json.GetProperty("dtype").GetString());
        Assert.False(json.TryGetProperty("threads", out _) || json.TryGetProperty("isa", out _));
        Assert.Equal("", Bench(_one).Note);
        Assert.StartsWith("cpu (", Bench(_one, "--threads", "1").Json.GetProperty("device").GetString(), StringComparison.Ordinal);
        Assert.Equal("cuda:0", _one.Run("devices", "--json").Json.GetProperty("auto").GetString());
        Assert.Equal("cpu", _none.Run("devices", "--json").Json.GetProperty("auto").GetString());
        Bench(_one, "--device", "cuda", "--threads", "1").MustFail(2, "--threads applies to the CPU");
    }

    [Fact]
    public void A_device_that_cannot_be_used_is_told_by_what_is_wrong_with_it()
    {
        Bench(_one, "--device", "cuda:1").MustFail(3, "--device cuda:1: the driver has cuda:0 Test GPU; give one of them");
        Broken(EmulatedCuda.Inventory(new Version(7, 5)), "compute capability 7.5 is too old");
        Broken(EmulatedCuda.Inventory(cublasLt: EmulatedCuda.Lacks("libcublasLt")), "libcublasLt: not found");

        using CliRunner closed = new()
        {
            Cuda = new CudaAccess(() => EmulatedCuda.Inventory(), (_, _, _) => throw new CudaUnavailableException("in use by another process")),
        };
        Bench(closed).MustFail(3, "cuda:0 cannot be opened: in use by another process; use --device cpu");

        static void Broken(CudaInventory inventory, string problem)
        {
            using CliRunner cli = new() { Cuda = EmulatedCuda.Missing with { Probe = () => inventory } };
            Bench(cli, "--device", "cuda").MustFail(3, problem);
            Assert.Contains($"({problem}", Bench(cli).Note.Replace("device: ", "", StringComparison.Ordinal), StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_device_without_room_for_the_model_ends_with_code_1_and_its_figures()
    {
        using EmulatedDriver small = new() { TotalBytes = 1 << 30 }; // the products that measure the peak take up to 768 MiB in halves, twice that in fp32
        using CliRunner cli = new()
        {
            Cuda = new CudaAccess(
                () => EmulatedCuda.Inventory(),
                (_, precision, options) => new CudaDevice(small, new EmulatedCublasLt(small), 0, precision, options with { CacheFolder = null })),
        };
        cli.Run("bench", "forward", "--model", "12x192x3/2", "--dtype", "fp32").MustFail(1, "the measurement needs ");
        CliResult halves = Bench(cli);
        Assert.Equal((0, ""), (halves.Code, halves.Err));
    }

    public void Dispose()
    {
        _none.Dispose();
        _one.Dispose();
        _cuda.Dispose();
    }

    private static CliResult Bench(CliRunner cli, params string[] more) =>
        cli.Run(["bench", "forward", "--model", "1x16x2/2", "--image-size", "32", "--batch", "1", "--repeat", "1", "--json", .. more]);
}
