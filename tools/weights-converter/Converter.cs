using System.Diagnostics;
using L2c.Weights;
using L2c.Weights.Layouts;
using L2c.Weights.Memory;
using L2c.Weights.Safetensors;

namespace WeightsConverter;

/// <summary>One call of the program: list, convert, verify.</summary>
/// <param name="options">What to do.</param>
/// <param name="output">Results.</param>
/// <param name="terminal">Where to draw progress, or null.</param>
/// <param name="memory">Memory of the host.</param>
/// <param name="cancel">Stops between chunks.</param>
internal sealed class Converter(ConverterOptions options, TextWriter output, TextWriter? terminal, HostMemory memory, CancellationToken cancel)
{
    // Code that is compiled, windows of strided reads, the lists of tensors.
    private const long RuntimeBytes = 32 << 20;

    public void Run()
    {
        if (options.Output is { } target && !options.VerifyOnly && RealPath.Same(target, options.Input))
        {
            throw new UsageException($"{target}: is also the input; name another output");
        }

        using TensorFile input = TensorFiles.Open(options.Input);
        Report report = new(output, options.Json);
        if (options.List)
        {
            report.List(input);
            return;
        }

        Stopwatch clock = Stopwatch.StartNew();
        WeightsFile checkpoint = Resolve(input);
        memory.Require(
            $"converting {options.Input}",
            RuntimeBytes + (options.VerifyOnly ? 0 : ConversionPipe.BufferBytes)
                + (options.Verify || options.VerifyOnly ? Verification.BufferBytes : 0));
        if (options.Verify || options.VerifyOnly)
        {
            Verification.CheckCopies(checkpoint, cancel);
        }

        if (!options.VerifyOnly)
        {
            Write(checkpoint);
        }

        double writtenAfter = clock.Elapsed.TotalSeconds;
        if (options.Verify || options.VerifyOnly)
        {
            VerifyOutput(checkpoint);
        }

        report.Converted(checkpoint, options, writtenAfter, clock.Elapsed.TotalSeconds);
    }

    private WeightsFile Resolve(TensorFile input)
    {
        try
        {
            return WeightsLayout.Resolve(input, options.Hints);
        }
        catch (ArgumentException e)
        {
            throw new UsageException($"{options.Input}: {e.Message}; run with --help for the options", e);
        }
    }

    private void Write(WeightsFile checkpoint)
    {
        List<TensorInfo> directory =
            [.. checkpoint.Tensors.Select(tensor => new TensorInfo(tensor.Name, tensor.IsLogits ? TensorType.F32 : options.Type, tensor.Shape))];
        Dictionary<string, string> metadata = new() { [Architecture.MetadataKey] = checkpoint.Architecture.ToJson() };
        AtomicFile.Probe(options.Output!, options.Force);
        using SafetensorsWriter writer = new(options.Output!, directory, metadata, options.Force);
        using Progress progress = new(terminal, "converting", directory.Sum(tensor => tensor.Bytes));
        ConversionPipe.Run(checkpoint, directory, bytes =>
        {
            writer.Write(bytes);
            progress.Advance(bytes.Length);
        }, cancel);
        writer.Commit();
    }

    private void VerifyOutput(WeightsFile checkpoint)
    {
        try
        {
            using TensorFile written = TensorFiles.Open(options.Output!);
            using Progress progress = new(terminal, "verifying", written.Tensors.Sum(tensor => tensor.Bytes));
            Verification.Compare(checkpoint, written, progress, cancel);
        }
        catch (Exception e) when (!options.VerifyOnly && e is MalformedFileException or OperationCanceledException)
        {
            // What this call wrote and could not confirm must not be taken for a good file.
            File.Delete(options.Output!);
            throw;
        }
    }
}
