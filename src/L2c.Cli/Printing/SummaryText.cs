using static System.FormattableString;

namespace L2c.Cli.Printing;

/// <summary>Networks and schedules block by block, for a person.</summary>
internal static class SummaryText
{
    /// <summary>Prints parameters and MACs of every block of a network.</summary>
    public static void Print(NetworkSummary summary, TextWriter o)
    {
        long macs = summary.Blocks.Sum(block => block.AttentionMacs + block.MlpMacs) + summary.OutsideMacs;
        long parameters = summary.Blocks.Sum(block => block.Parameters) + summary.OutsideParameters;
        o.WriteLine();
        o.WriteLine($"{"block",7}  {"tensors",-16}{"parameters",16}{"attention",14}{"MLP",14}{"share of MACs",15}");
        foreach (NetworkBlock block in summary.Blocks)
        {
            string costs = $"{Units.Macs(block.AttentionMacs),14}{Units.Macs(block.MlpMacs),14}{Share(block.AttentionMacs + block.MlpMacs)}";
            o.WriteLine($"{block.Block,7}  {block.Tensors,-16}{Units.Count(block.Parameters),16}{costs}");
        }

        o.WriteLine($"{"outside",7}  {"",-16}{Units.Count(summary.OutsideParameters),16}{Units.Macs(summary.OutsideMacs),28}{Share(summary.OutsideMacs)}");
        o.WriteLine($"{"all",7}  {"",-16}{Units.Count(parameters),16}{Units.Macs(macs),28}{Share(macs)}");
        o.WriteLine("  MACs are of one evaluation, image and half of guidance; outside the blocks' branches: embeddings, modulations or skip linears, output layer");
        o.WriteLine();

        string Share(long part) => Invariant($"{100.0 * part / macs,13:0.00} %");
    }

    /// <summary>Prints what a schedule reuses and saves of every block.</summary>
    /// <param name="blocks">The blocks.</param>
    /// <param name="cacheEvaluations">Evaluations that may reuse.</param>
    /// <param name="o">Where to.</param>
    public static void Print(IReadOnlyList<ScheduleBlock> blocks, int cacheEvaluations, TextWriter o)
    {
        bool counted = blocks[0].MacsSaved is not null;
        o.WriteLine();
        o.WriteLine($"not computed, of {Units.Of(cacheEvaluations, "cache evaluation")}:");
        o.WriteLine($"{"block",7}{"attention",11}{"MLP",7}{(counted ? $"{"saved",14}" : "")}");
        foreach (ScheduleBlock block in blocks)
        {
            string saved = block.MacsSaved is { } macs ? $"{Units.Macs(macs),14}" : "";
            o.WriteLine($"{block.Block,7}{block.AttentionReused,11}{block.MlpReused,7}{saved}");
        }
    }
}
