using System.Text.Json;
using L2c.Weights;

namespace L2c.Cli.Printing;

/// <summary>What files of tensors and pictures say of themselves, for a person.</summary>
internal static class FileFacts
{
    /// <summary>Prints what a file of tensors holds.</summary>
    public static void Print(TensorFileReport r, TextWriter o)
    {
        o.WriteLine($"{FileText.OneLine(r.File)}: {r.Format}, {Units.Bytes(r.Bytes)}");
        if (r.Model is { } model)
        {
            string where = model.Weights is null ? "" : $", under '{FileText.OneLine(model.Weights)}'";
            Units.PrintFact(o, "layout", $"{model.Family}, {model.Naming}{where}");
            Units.PrintFact(o, "parameters", Units.Count(model.Parameters));
            if (model.MacsPerEvaluation is { } macs)
            {
                Units.PrintFact(o, "MACs", $"{Units.Macs(macs)} per evaluation, image and half of guidance");
            }

            PrintMembers(model.Architecture, o);
            if (model.Architecture.TryGetProperty("heads", out JsonElement heads) && heads.ValueKind == JsonValueKind.Null)
            {
                o.WriteLine("  the file does not say how many attention heads there are: give --heads N to sample from it");
            }
        }
        else
        {
            Units.PrintFact(o, "layout", "unknown");
        }

        if (r.Parameters is { } parameters)
        {
            PrintMembers(parameters, o);
        }

        if (r.Model?.Summary is { } summary)
        {
            SummaryText.Print(summary, o);
        }

        foreach (TypeShare share in r.Dtypes)
        {
            Units.PrintFact(o, share.Dtype, $"{Units.Of(share.Tensors, "tensor")}, {Units.Count(share.Values)} values, {Units.Bytes(share.Bytes)}");
        }

        foreach (StoredTensor tensor in r.Tensors ?? [])
        {
            o.WriteLine($"  {FileText.OneLine(tensor.Name)} {tensor.Dtype} [{string.Join(", ", tensor.Shape)}]");
        }
    }

    /// <summary>Prints what a PNG says about itself.</summary>
    public static void Print(PngReport r, TextWriter o)
    {
        o.WriteLine($"{FileText.OneLine(r.File)}: PNG, {r.Width} x {r.Height}, {r.BitDepth}-bit {r.Colour}, {Units.Bytes(r.Bytes)}");
        if (r.Parameters is { } parameters)
        {
            PrintMembers(parameters, o);
        }
        else
        {
            o.WriteLine("no sampling parameters: not written by l2c, or rewritten by another program");
        }
    }

    private static void PrintMembers(JsonElement parameters, TextWriter o)
    {
        foreach (JsonProperty member in parameters.EnumerateObject())
        {
            string value = member.Value.ValueKind == JsonValueKind.Array
                ? string.Join(", ", member.Value.EnumerateArray().Select(Text))
                : Text(member.Value);
            Units.PrintFact(o, FileText.OneLine(member.Name), value.Length == 0 ? "-" : FileText.OneLine(value));
        }
    }

    private static string Text(JsonElement value) => value.ValueKind == JsonValueKind.String ? value.GetString()! : value.GetRawText();
}
