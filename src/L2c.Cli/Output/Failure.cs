using L2c.Kernels;
using L2c.Model.Training;
using L2c.Native;
using L2c.Weights;

namespace L2c.Cli.Output;

/// <summary>How an exception ends the program: one line on stderr and an exit code.</summary>
internal static class Failure
{
    /// <summary>Reports an exception.</summary>
    /// <param name="terminal">Where to.</param>
    /// <param name="exception">What happened.</param>
    /// <param name="debug">Whether to add the details of the file's problems and the stack trace.</param>
    /// <returns>The exit code.</returns>
    public static int Report(Terminal terminal, Exception exception, bool debug)
    {
        (string message, int code) = exception switch
        {
            OperationCanceledException => ("interrupted; nothing was written", ExitCode.Interrupted),
            UsageException or RequestException or InstructionSetException => (exception.Message, ExitCode.Usage),
            DeviceUnavailableException or CudaUnavailableException => (exception.Message, ExitCode.Device),
            MalformedFileException => (exception.Message, ExitCode.Malformed),
            CudaException { Result: CUresult.CUDA_ERROR_OUT_OF_MEMORY } =>
                ($"not enough memory on the device: {exception.Message}; use a smaller --batch, or --dtype bf16", ExitCode.RunTime),
            CudaException or CublasLtException => ($"{exception.Message}; run again with --debug and report what it prints", ExitCode.RunTime),
            IOException or UnauthorizedAccessException or DivergedException => (exception.Message, ExitCode.RunTime),
            InsufficientMemoryException => (exception.Message, ExitCode.RunTime),
            OutOfMemoryException => ("not enough memory; use a smaller --batch or --count", ExitCode.RunTime),
            _ => ($"unexpected {exception.GetType().Name}: {exception.Message}; run again with --debug and report what it prints", ExitCode.RunTime),
        };
        Print(terminal, message);
        if (debug)
        {
            foreach (string detail in (exception as MalformedFileException)?.Details ?? [])
            {
                terminal.Err.WriteLine(detail);
            }

            terminal.Err.WriteLine(exception.ToString());
        }

        return code;
    }

    /// <summary>Writes the line.</summary>
    public static void Print(Terminal terminal, string message) => terminal.Err.WriteLine($"l2c: error: {message.ReplaceLineEndings(" ")}");
}
