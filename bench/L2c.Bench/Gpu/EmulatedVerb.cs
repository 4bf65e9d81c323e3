using System.CommandLine;
using L2c.Cli.Output;
using L2c.Emulation;
using L2c.Kernels;
using L2c.Native;

namespace L2c.Bench.Gpu;

/// <summary><c>l2c-bench emulated ARGS</c>: the command <c>l2c ARGS</c> on a machine whose only CUDA device is the emulator.</summary>
/// <remarks>What dev/gpu/run.sh does on a GPU can so be proved without one. Times are the emulator's and say nothing.</remarks>
internal static class EmulatedVerb
{
    private static readonly CudaLibraryInfo _library = new("emulated", new Version(13, 0), null);

    /// <summary>The verb.</summary>
    public static Command Create(Terminal terminal)
    {
        Argument<string[]> words = new("ARGS") { Description = "Command line of l2c", Arity = ArgumentArity.OneOrMore };
        Command command = new("emulated", "Runs l2c on an emulated CUDA device: a proof, not a measurement. Put '--' before options of l2c.") { words };
        command.SetAction(parsed => Run(parsed.GetRequiredValue(words), terminal));
        return command;
    }

    private static int Run(string[] args, Terminal terminal)
    {
        using EmulatedDriver driver = new();
        driver.Check(driver.cuInit(0));
        CudaAccess access = new(
            () => new CudaInventory(_library, _library, [CudaInventory.Describe(driver, 0)]),
            (ordinal, precision, options) => new CudaDevice(driver, new EmulatedCublasLt(driver), ordinal, precision, options));
        return Cli.Program.Run(args, terminal, access);
    }
}
