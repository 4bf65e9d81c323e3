using System.CommandLine;
using L2c.Cli.Output;
using L2c.Cli.Printing;
using L2c.Native;

namespace L2c.Cli.Commands;

/// <summary><c>l2c devices</c>: what this machine could compute on.</summary>
internal static class DevicesCommand
{
    /// <summary>The command.</summary>
    public static Command Create(Terminal terminal, CudaAccess access)
    {
        Option<bool> json = OptionFactory.Switch("--json", "Print one JSON object on standard output");
        Command command = new("devices", "Lists the CPU and the CUDA devices, or what CUDA is missing.") { json };
        command.SetAction(parsed =>
        {
            Print(terminal, CpuInfo.Probe(), access.Probe(), parsed.GetValue(json));
            return ExitCode.Ok;
        });
        return command;
    }

    private static void Print(Terminal terminal, CpuInfo cpu, CudaInventory cuda, bool json)
    {
        if (json)
        {
            terminal.PrintJson(new
            {
                Cpu = cpu,
                Auto = CudaAccess.FindProblem(cuda, 0) is null ? "cuda:0" : "cpu",
                Cuda = new
                {
                    Driver = Describe(cuda.Driver),
                    CublasLt = Describe(cuda.CublasLt),
                    Devices = cuda.Devices.Select(d => new
                    {
                        d.Ordinal,
                        d.Name,
                        d.TotalMemoryBytes,
                        ComputeCapability = d.ComputeCapability.ToString(),
                        d.Multiprocessors,
                    }),
                },
            });
            return;
        }

        TextWriter o = terminal.Out;
        o.WriteLine($"cpu       {cpu.Name}, {cpu.LogicalCores} logical cores; computes as {cpu.Device}");
        foreach (CudaDeviceInfo device in cuda.Devices)
        {
            o.WriteLine(
                $"cuda:{device.Ordinal,-4} {device.Name}, {Units.Bytes(device.TotalMemoryBytes)}, compute capability {device.ComputeCapability}, "
                + $"{device.Multiprocessors} multiprocessors");
        }

        o.WriteLine($"driver    {Line(cuda.Driver, "supports CUDA ")}");
        o.WriteLine($"cuBLASLt  {Line(cuda.CublasLt, "")}");
        o.WriteLine($"auto      {(CudaAccess.FindProblem(cuda, 0) is null ? "cuda:0" : "cpu")}");
    }

    private static object Describe(CudaLibraryInfo library) => new { library.File, Version = library.Version?.ToString(), library.Problem };

    private static string Line(CudaLibraryInfo library, string prefix) => library.Problem ?? $"{prefix}{library.Version} ({library.File})";
}
