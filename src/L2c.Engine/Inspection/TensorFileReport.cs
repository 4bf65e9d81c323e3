using System.Text.Json;
using L2c.Model.Accounting;
using L2c.Weights;
using L2c.Weights.Layouts;

namespace L2c;

/// <summary>How many tensors, values and bytes a file has of one type.</summary>
public sealed record TypeShare(string Dtype, int Tensors, long Values, long Bytes);

/// <summary>One tensor as stored.</summary>
public sealed record StoredTensor(string Name, string Dtype, long[] Shape);

/// <summary>What a checkpoint's layout says.</summary>
/// <param name="Family">"dit", "uvit", "vae" or "router".</param>
/// <param name="Naming">Whose names the tensors have.</param>
/// <param name="Weights">Dictionary of the file that holds the weights; null when the file is the dictionary.</param>
/// <param name="Parameters">Values of the model's tensors, a position table that is never trained included.</param>
/// <param name="Architecture">
/// Everything else, as the converter writes it; <c>heads</c> is null when neither the file nor the user tells them.
/// </param>
/// <param name="MacsPerEvaluation">
/// Multiply-accumulates of one evaluation for one image and one half of guidance, attention products included; null for other families.
/// </param>
public sealed record ModelFacts(
    string Family, string Naming, string? Weights, long Parameters, JsonElement Architecture, long? MacsPerEvaluation)
{
    /// <summary>A line per block; null unless asked for.</summary>
    public NetworkSummary? Summary { get; init; }
}

/// <summary>What a file of tensors holds.</summary>
/// <param name="File">Path as given.</param>
/// <param name="Format">"safetensors", "pytorch-zip" or "pytorch-legacy".</param>
/// <param name="Bytes">Size of the file.</param>
/// <param name="Model">The model, or null when no layout knows the names.</param>
/// <param name="Parameters">Sampling parameters of a file of samples, or null.</param>
/// <param name="Dtypes">Everything in the file by type, other sets of weights and optimiser state included.</param>
/// <param name="Tensors">All tensors, or null unless asked for; always given for a file that no layout knows.</param>
public sealed record TensorFileReport(
    string File,
    string Format,
    long Bytes,
    ModelFacts? Model,
    JsonElement? Parameters,
    IReadOnlyList<TypeShare> Dtypes,
    IReadOnlyList<StoredTensor>? Tensors)
{
    /// <summary>Collects the facts.</summary>
    /// <param name="file">The open file.</param>
    /// <param name="bytes">Its size.</param>
    /// <param name="hints">What the user knows about it.</param>
    /// <param name="listTensors">Whether to list the tensors of a known layout too.</param>
    /// <param name="summarise">Whether to count every block of a network.</param>
    /// <exception cref="MalformedFileException">The tensors have a known layout's names but do not fit it.</exception>
    /// <exception cref="RequestException">A hint does not apply to it, or it has no blocks to count.</exception>
    public static TensorFileReport Of(TensorFile file, long bytes, LayoutHints hints, bool listTensors, bool summarise = false)
    {
        ModelFacts? model = WeightsLayout.FindFamily(file, hints.Use) is null ? null : Describe(CheckpointShape.Of(file, hints), summarise);
        if (model is null && hints != LayoutHints.None)
        {
            throw new RequestException(
                $"{file.Path} holds no known model, so --use, --model, --heads and --num-classes do not apply; omit them");
        }

        if (model is null && summarise)
        {
            throw new RequestException($"{file.Path} holds no known model, so --summary does not apply; omit it");
        }

        return new TensorFileReport(
            file.Path,
            file.Format,
            bytes,
            model,
            file.Metadata.TryGetValue(SampleDescription.Key, out string? text) ? StoredParameters.Parse(file.Path, text) : null,
            [.. file.Tensors.GroupBy(tensor => tensor.Type)
                .Select(group => new TypeShare(group.Key.Label(), group.Count(), group.Sum(t => t.Count), group.Sum(t => t.Bytes)))],
            listTensors || model is null ? [.. file.Tensors.Select(t => new StoredTensor(t.Name, t.Type.Label(), t.Shape))] : null);
    }

    private static ModelFacts Describe((WeightsFile File, bool HeadsKnown) shape, bool summarise)
    {
        WeightsFile checkpoint = shape.File;
        Dictionary<string, JsonElement> members = JsonElement.Parse(checkpoint.Architecture.ToJson()).EnumerateObject()
            .Where(member => member.Name != "family")
            .ToDictionary(member => member.Name, member => member.Value);
        if (!shape.HeadsKnown)
        {
            members["heads"] = JsonElement.Parse("null");
        }

        return new ModelFacts(
            checkpoint.Architecture.Family,
            checkpoint.Naming,
            checkpoint.Nest.Length == 0 ? null : checkpoint.Nest.TrimEnd('.'),
            checkpoint.ParameterCount,
            JsonSerializer.SerializeToElement(members),
            checkpoint.Architecture is TransformerArchitecture ? NetworkCost.Of(checkpoint.Architecture).Evaluation : null)
        {
            Summary = !summarise ? null : checkpoint.Architecture is TransformerArchitecture network
                ? NetworkSummary.Of(network)
                : throw new RequestException(
                    $"{checkpoint.File.Path}: --summary lists blocks of an attention and an MLP, and a {checkpoint.Architecture.Family} has none; omit it"),
        };
    }
}
