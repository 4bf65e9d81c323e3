namespace L2c.Weights.Layouts;

/// <summary>Holds a file's tensors against the rules and reports every difference at once.</summary>
internal static class TensorMatch
{
    private const int MaxDetails = 10_000;

    /// <summary>Finds the source of every canonical tensor.</summary>
    /// <param name="dict">The file's tensors; names that a naming ignores move to its ignored list.</param>
    /// <param name="naming">The naming in use.</param>
    /// <param name="architecture">A valid architecture.</param>
    /// <exception cref="MalformedFileException">Tensors are missing, mis-shaped, of the wrong type or unexpected; details list each.</exception>
    public static List<WeightsTensor> Match(StateDictView dict, TensorNaming naming, Architecture architecture)
    {
        Report report = new();
        HashSet<string> used = [];
        List<(WeightsTensor Tensor, Func<float[]>? Computed)> found = [];
        foreach (TensorRule rule in naming.Rules(architecture))
        {
            bool stored = rule.Computed is null || rule.Sources.Any(source => source.Names.Any(dict.Has));
            List<TensorInfo> parts = stored ? [.. Take(rule.Sources, dict, used, report)] : [];
            List<TensorInfo> copies = [.. Take(rule.Copies, dict, used, report)];
            found.Add((new WeightsTensor(rule.Name, rule.Shape, parts, copies, null, rule.IsLogits), stored ? null : rule.Computed));
        }

        foreach ((string name, TensorInfo tensor) in dict.Tensors.Where(entry => !used.Contains(entry.Key)))
        {
            if (naming.IgnoredPrefixes.Any(prefix => name.StartsWith(prefix, StringComparison.Ordinal)))
            {
                dict.Ignored.Add(tensor.Name);
            }
            else
            {
                report.Unexpected.Add($"unexpected: {tensor}");
            }
        }

        report.Throw(dict.File.Path, $"{architecture.Name} in {naming.Label}");
        return [.. found.Select(entry => entry.Computed is null ? entry.Tensor : entry.Tensor with { Computed = entry.Computed() })];
    }

    private static IEnumerable<TensorInfo> Take(IReadOnlyList<SourceRule> sources, StateDictView dict, HashSet<string> used, Report report)
    {
        foreach (SourceRule source in sources)
        {
            string? name = source.Names.FirstOrDefault(dict.Has);
            if (name is null)
            {
                report.Missing.Add($"missing: {dict.Nest}{source.Names[0]} {Text(source.Shapes[0])}");
                continue;
            }

            TensorInfo tensor = dict.Tensors[name];
            used.Add(name);
            if (!source.Shapes.Any(shape => shape.AsSpan().SequenceEqual(tensor.Shape)))
            {
                report.Misshaped.Add($"mis-shaped: {tensor}, expected {Text(source.Shapes[0])}");
            }
            else if (tensor.Type is not (TensorType.F64 or TensorType.F32 or TensorType.F16 or TensorType.BF16))
            {
                report.Misshaped.Add($"mis-typed: {tensor}, expected floating point");
            }

            yield return tensor;
        }
    }

    private static string Text(long[] shape) => $"[{string.Join(", ", shape)}]";

    private sealed class Report
    {
        public List<string> Missing { get; } = [];

        public List<string> Misshaped { get; } = [];

        public List<string> Unexpected { get; } = [];

        public void Throw(string path, string expected)
        {
            List<string> all = [.. Missing, .. Misshaped, .. Unexpected];
            if (all.Count == 0)
            {
                return;
            }

            string counts = string.Join(", ", new[] { (Missing.Count, "missing"), (Misshaped.Count, "mis-shaped"), (Unexpected.Count, "unexpected") }
                .Where(entry => entry.Item1 > 0)
                .Select(entry => $"{entry.Item1} {entry.Item2}"));
            string problem = $"does not hold {expected}: {counts} tensor{(all.Count == 1 ? "" : "s")}, first {all[0]}; "
                + "compare its tensors with those of the model that it should hold";
            throw new MalformedFileException(path, problem)
            {
                Details = all.Count <= MaxDetails ? all : [.. all.Take(MaxDetails), $"... and {all.Count - MaxDetails} more"],
            };
        }
    }
}
