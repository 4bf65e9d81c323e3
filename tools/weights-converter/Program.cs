using System.CommandLine;
using System.Runtime.InteropServices;
using L2c.Cli.Parsing;
using L2c.Weights;
using L2c.Weights.Memory;

namespace WeightsConverter;

/// <summary>PyTorch and diffusers checkpoints to safetensors.</summary>
public static class Program
{
    /// <summary>Its name.</summary>
    internal const string Name = "weights-converter";

    private const int Ok = 0, RunTimeError = 1, UsageError = 2, RefusedFile = 4, Interrupted = 130;

    /// <summary>The process: Ctrl-C and termination end the work without leaving a file behind.</summary>
    public static int Main(string[] args)
    {
        using CancellationTokenSource interrupt = new();
        void Stop(PosixSignalContext context)
        {
            context.Cancel = true;
            interrupt.Cancel();
        }

        using PosixSignalRegistration sigint = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        using PosixSignalRegistration sigterm = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        return Run(args, StandardWriter.Results(Console.Out), StandardWriter.Messages(Console.Error), !Console.IsErrorRedirected, interrupt.Token);
    }

    /// <summary>The program without a process around it.</summary>
    /// <param name="args">Command line without the program's name.</param>
    /// <param name="output">Results.</param>
    /// <param name="error">Errors and progress.</param>
    /// <param name="interactive">Whether progress may be drawn on <paramref name="error"/>.</param>
    /// <param name="cancel">Cancelled by Ctrl-C.</param>
    /// <param name="memory">Memory of the host; null for the machine's.</param>
    /// <returns>The exit code: 0, 1 run time, 2 usage, 4 malformed or refused file, 130 interrupted.</returns>
    public static int Run(string[] args, TextWriter output, TextWriter error, bool interactive, CancellationToken cancel, HostMemory? memory = null)
    {
        // Nothing that a file or its name says can control the terminal; progress is drawn beside that.
        TextWriter? terminal = interactive ? error : null;
        (output, error) = (PrintableWriter.Over(output), PrintableWriter.Over(error));
        CommandLine commandLine = new();
        commandLine.Root.SetAction(result => Execute(
            commandLine.Read(result), output, error, terminal, memory ?? HostMemory.Machine, cancel));
        ParseResult parsed = commandLine.Root.Parse(args);
        if (ParseFault.Find(parsed, Name) is { } fault)
        {
            return Fail(error, fault, UsageError);
        }

        return parsed.Invoke(new InvocationConfiguration { Output = output, Error = error, EnableDefaultExceptionHandler = false });
    }

    private static int Execute(
        ConverterOptions options, TextWriter output, TextWriter error, TextWriter? terminal, HostMemory memory, CancellationToken cancel)
    {
        try
        {
            new Converter(options, output, options.Quiet ? null : terminal, memory, cancel).Run();
            return Ok;
        }
        catch (MalformedFileException e)
        {
            foreach (string detail in e.Details)
            {
                error.WriteLine(detail);
            }

            return Fail(error, e.Message, RefusedFile);
        }
        catch (Exception e) when (e is UsageException or FormatException)
        {
            return Fail(error, e.Message, UsageError);
        }
        catch (OperationCanceledException)
        {
            return Fail(error, "interrupted; OUT was not written, or was removed while being verified", Interrupted);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InsufficientMemoryException)
        {
            return Fail(error, e.Message, RunTimeError);
        }
        catch (OutOfMemoryException)
        {
            return Fail(error, "not enough memory; free some memory", RunTimeError);
        }
    }

    private static int Fail(TextWriter error, string message, int code)
    {
        error.WriteLine($"{Name}: error: {message.ReplaceLineEndings(" ")}");
        return code;
    }
}
