using System.Globalization;
using System.Text.Json;
using L2c.Weights;
using L2c.Weights.Layouts;
using L2c.Weights.Memory;

namespace WeightsConverter;

/// <summary>Results for people or, as one JSON object, for programs.</summary>
/// <param name="output">Standard output.</param>
/// <param name="json">Whether to write JSON.</param>
internal sealed class Report(TextWriter output, bool json)
{
    private static readonly JsonSerializerOptions _camelCase = new() { PropertyNamingPolicy = JsonNamingPolicy.CamelCase };

    /// <summary>The tensors of a file, in its order, and its metadata.</summary>
    public void List(TensorFile file)
    {
        if (json)
        {
            Write(new
            {
                Input = file.Path,
                file.Format,
                Tensors = file.Tensors.Select(tensor => new { tensor.Name, Dtype = tensor.Type.Label(), tensor.Shape }),
                file.Metadata,
            });
            return;
        }

        foreach (TensorInfo tensor in file.Tensors)
        {
            output.WriteLine(tensor);
        }

        (long values, long bytes) = (file.Tensors.Sum(tensor => tensor.Count), file.Tensors.Sum(tensor => tensor.Bytes));
        output.WriteLine($"{file.Tensors.Count} tensors, {Count(values)} values, {HostMemory.Text(bytes)}, {file.Format}");
    }

    /// <summary>What was converted or compared.</summary>
    public void Converted(WeightsFile checkpoint, ConverterOptions options, double writeSeconds, double totalSeconds)
    {
        // Router logits stay fp32 whatever was asked for.
        string? dtype = options.VerifyOnly ? null : (checkpoint.Tensors.All(tensor => tensor.IsLogits) ? TensorType.F32 : options.Type).Label();
        bool verified = options.Verify || options.VerifyOnly;
        if (json)
        {
            Write(new
            {
                options.Input,
                options.Output,
                Architecture = JsonDocument.Parse(checkpoint.Architecture.ToJson()).RootElement,
                checkpoint.Naming,
                checkpoint.Nest,
                TensorCount = checkpoint.Tensors.Count,
                checkpoint.ParameterCount,
                Dtype = dtype,
                OutputBytes = new FileInfo(options.Output!).Length,
                checkpoint.Ignored,
                Written = !options.VerifyOnly,
                Verified = verified,
                WriteMs = options.VerifyOnly ? (double?)null : writeSeconds * 1e3,
                TotalMs = totalSeconds * 1e3,
            });
            return;
        }

        string nest = checkpoint.Nest.Length > 0 ? $" under {checkpoint.Nest.TrimEnd('.')}" : "";
        output.WriteLine(
            $"{checkpoint.Architecture.Name}: {checkpoint.Architecture.Family} in {checkpoint.Naming}{nest}, "
            + $"{checkpoint.Tensors.Count} tensors, {Count(checkpoint.ParameterCount)} values");
        if (checkpoint.Ignored.Count > 0)
        {
            output.WriteLine($"omitted: {checkpoint.Ignored.Count} tensors that are not the model's, such as {checkpoint.Ignored[0]}");
        }

        string verb = options.VerifyOnly ? "compared with" : $"{dtype} written to";
        string verdict = verified ? ", every tensor equal" : "";
        output.WriteLine($"{verb} {options.Output}, {HostMemory.Text(new FileInfo(options.Output!).Length)}, {totalSeconds:F2} s{verdict}");
    }

    private static string Count(long count) => count.ToString("#,0", CultureInfo.InvariantCulture);

    private void Write(object value) => output.WriteLine(JsonSerializer.Serialize(value, _camelCase));
}
