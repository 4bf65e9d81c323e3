using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;

namespace L2c.Bench.Gpu;

/// <summary>results.md: what it was measured on, what passed, and the figures beside the peer's.</summary>
internal static class GpuTables
{
    private const string None = "-", LongSkips = "uvit-";

    /// <summary>The whole text.</summary>
    public static string Of(GpuResults results)
    {
        StringBuilder text = new();
        text.Append(results.Emulated ? "# Emulated GPU: no time here means anything\n\n" : "# GPU\n\n");
        Table(text, ["measured on", ""], Facts(results).Select(fact => (string[])[fact.Name, fact.Value]));
        text.Append($"Tests: {Counts(results.Tests)}. Recorded cases: {Counts(results.Goldens)}. ");
        text.Append(results.Problems.Count == 0 ? "**Passed.**\n\n" : $"**Failed:** {results.Problems.Count} problems.\n\n");
        foreach (string problem in results.Problems.Take(20))
        {
            text.Append(CultureInfo.InvariantCulture, $"- {problem}\n");
        }

        text.Append(results.Problems.Count == 0 ? "" : "\n");
        Table(text, ["stage", "result", "s", "note"], results.Stages.Select(s => (string[])[s.Name, s.Status, $"{s.Seconds}", s.Note]));
        Forward(text, results.Benchmarks, "", "A forward pass, ms");
        Sample(text, results.Benchmarks, "", "A guided DDIM run, ms");
        Forward(text, results.Benchmarks, LongSkips, "A forward pass of U-ViT-H/2, ms");
        Sample(text, results.Benchmarks, LongSkips, "A guided DPM-Solver run of U-ViT-H/2, ms");
        return text.ToString();
    }

    private static string Counts(Func<string, int> count) =>
        string.Create(CultureInfo.InvariantCulture, $"{count("passed")} passed, {count("failed")} failed, {count("skipped")} skipped");

    private static IEnumerable<(string Name, string Value)> Facts(GpuResults results)
    {
        JsonNode? devices = results.Runs[0].Devices, gpu = (devices?["cuda"]?["devices"] as JsonArray)?.FirstOrDefault();
        yield return ("GPU", results.Emulated ? "emulated" : gpu is null ? "none"
            : $"{gpu["name"]}, compute capability {gpu["computeCapability"]}, {(double)gpu["totalMemoryBytes"]! / (1 << 30):0.0} GiB");
        yield return ("CPU", $"{devices?["cpu"]?["name"]}, {devices?["cpu"]?["logicalCores"]} logical cores");
        yield return ("driver", results.Fact("driver"));
        yield return ("cuBLASLt", (string?)devices?["cuda"]?["cublasLt"]?["version"] ?? "none");
        yield return ("SM clock in MHz before, highest", $"{results.Fact("smMhz")}, {results.Fact("maxSmMhz")}");
        yield return ("peer", results.Fact("torch"));
        yield return ("load of the last minute before", results.Fact("load"));
        yield return ("commit", results.Fact("commit"));
        yield return ("date", results.Fact("date"));
    }

    private static void Forward(StringBuilder text, IReadOnlyList<JsonObject> benchmarks, string network, string title)
    {
        List<string[]> rows = [];
        foreach (((int size, int images) work, JsonObject[] of) in ByWork(benchmarks.Where(b => Is(b, $"{network}forward") || Is(b, $"{network}products"))))
        {
            double? ours = Ms(of, "l2c"), eager = Ms(of, "torch", "eager"), compiled = Ms(of, "torch", "compiled");
            double?[] products =
            [
                Value(of.FirstOrDefault(b => Engine(b, "l2c"))?["productsMs"]), Ms(of, "torch", "plain"), Ms(of, "torch", "tuned"),
            ];
            rows.Add(
            [
                $"{work.size}", $"{work.images}", Text(ours), Text(eager), Text(compiled), Ratio(ours, compiled), .. products.Select(Text),
                Ratio(products.Min(), ours),
            ]);
        }

        Section(
            text, title,
            [
                "pixels", "images", "L2c", "PyTorch", "compiled, graph", "L2c / compiled",
                "bare products: L2c, tuned", "PyTorch", "PyTorch, tuned", "fastest / L2c",
            ],
            rows);
    }

    private static void Sample(StringBuilder text, IReadOnlyList<JsonObject> benchmarks, string network, string title)
    {
        List<string[]> rows = [];
        foreach (((int size, int images) work, JsonObject[] ofSize) in ByWork(benchmarks.Where(b => Is(b, $"{network}sample"))))
        {
            foreach (IGrouping<int, JsonObject> of in ofSize.GroupBy(b => (int)b["steps"]!).OrderBy(g => g.Key))
            {
                JsonObject? ours = of.FirstOrDefault(b => Engine(b, "l2c"));
                rows.Add(
                [
                    $"{work.size}", $"{work.images}", $"{of.Key}",
                    Text(Value(ours?["fullMedianMs"])), Text(Value(ours?["medianMs"])), Text(Value(ours?["macRatio"])),
                    Text(Value(ours?["timeRatio"])), Text(Value(ours?["timeToMacRatio"])),
                    Text(Ms([.. of], "torch", "full")), Text(Ms([.. of], "torch", "cached")),
                ]);
            }
        }

        Section(
            text, title,
            ["pixels", "images", "steps", "L2c", "L2c cached", "MACs", "time", "time / MACs", "PyTorch", "PyTorch cached"], rows);
    }

    private static IEnumerable<((int Size, int Images) Work, JsonObject[] Of)> ByWork(IEnumerable<JsonObject> benchmarks) =>
        benchmarks.GroupBy(b => ((int)b["imageSize"]!, (int)b["images"]!)).OrderBy(g => g.Key).Select(g => (g.Key, g.ToArray()));

    private static bool Is(JsonObject benchmark, string what) => (string?)benchmark["what"] == what;

    private static bool Engine(JsonObject benchmark, string engine) => (string?)benchmark["engine"] == engine;

    private static double? Ms(JsonObject[] of, string engine, string? variant = null) =>
        of.Where(b => Engine(b, engine) && (string?)b["variant"] == variant)
            .Select(b => Value(b["medianMs"] ?? b["ms"])).FirstOrDefault();

    private static double? Value(JsonNode? node) => node is null ? null : (double)node;

    private static string Text(double? value) =>
        value is { } figure ? figure.ToString(figure < 10 ? "0.000" : "0.0", CultureInfo.InvariantCulture) : None;

    private static string Ratio(double? over, double? under) => Text(over / under);

    private static void Section(StringBuilder text, string title, string[] header, List<string[]> rows)
    {
        if (rows.Count > 0)
        {
            text.Append(CultureInfo.InvariantCulture, $"## {title}\n\n");
            Table(text, header, rows);
        }
    }

    private static void Table(StringBuilder text, string[] header, IEnumerable<string[]> rows)
    {
        text.Append(Row(header)).Append('|').Insert(text.Length, "---|", header.Length).Append('\n');
        text.AppendJoin("", rows.Select(Row)).Append('\n');

        static string Row(string[] cells) => $"| {string.Join(" | ", cells.Select(cell => cell.Replace("|", "\\|", StringComparison.Ordinal)))} |\n";
    }
}
