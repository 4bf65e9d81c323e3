using System.CommandLine;
using System.Globalization;
using L2c.Cli.Output;
using L2c.Kernels;
using L2c.Native;

namespace L2c.Cli.Commands;

/// <summary>Where to compute and in which precision.</summary>
internal sealed class DeviceOptions
{
    private readonly Option<string?> _device =
        Words.Text("--device", "auto|cpu|cuda[:n]", "Where to compute; auto is the CPU in this version [default: auto]");
    private readonly Option<string> _dtype =
        Words.OneOf("--dtype", "Storage type of weights and activations; the CPU has fp32", "fp32", "tf32", "fp16", "bf16");
    private readonly Option<int?> _threads = Words.Whole("--threads", 1, "CPU threads; default one per core", most: 1024);

    /// <summary>Adds the options to a command.</summary>
    public void AddTo(Command command)
    {
        command.Add(_device);
        command.Add(_dtype);
        command.Add(_threads);
    }

    /// <summary>Checks that what was asked for exists. Starts nothing.</summary>
    /// <exception cref="UsageException">The word is no device, or the device does not have the precision.</exception>
    /// <exception cref="DeviceUnavailableException">A CUDA device was asked for.</exception>
    public void Check(ParseResult parsed)
    {
        string device = parsed.GetValue(_device) ?? "auto";
        if (device is not ("auto" or "cpu"))
        {
            bool cuda = device == "cuda"
                || (device.StartsWith("cuda:", StringComparison.Ordinal)
                    && int.TryParse(device.AsSpan(5), NumberStyles.None, CultureInfo.InvariantCulture, out _));
            throw cuda ? NoCuda(device) : new UsageException($"--device needs auto, cpu, cuda or cuda:N, not '{device}'");
        }

        if (parsed.GetValue(_dtype) is { } dtype and not "fp32")
        {
            throw new UsageException($"--dtype {dtype} is not available on the CPU, which computes in fp32; leave --dtype away");
        }
    }

    /// <summary>Starts the device.</summary>
    public CpuDevice Open(ParseResult parsed) => new(parsed.GetValue(_threads) ?? 0);

    private static DeviceUnavailableException NoCuda(string device)
    {
        CudaInventory inventory = CudaInventory.Probe();
        string found = inventory.Driver.Problem ?? $"found {string.Join(", ", inventory.Devices.Select(d => $"cuda:{d.Ordinal} {d.Name}"))}";
        return new DeviceUnavailableException(
            $"--device {device}: this version has no CUDA engine and computes on the CPU only ({found}); use --device cpu");
    }
}
