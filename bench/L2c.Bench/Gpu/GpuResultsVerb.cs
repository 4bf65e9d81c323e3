using System.CommandLine;
using System.Text;
using System.Text.Json;
using L2c.Cli.Commands;
using L2c.Cli.Output;
using L2c.Weights;

namespace L2c.Bench.Gpu;

/// <summary><c>l2c-bench gpu-results</c>: results.json and results.md from what dev/gpu/run.sh left.</summary>
internal static class GpuResultsVerb
{
    private static readonly JsonSerializerOptions _json = new() { WriteIndented = true };

    /// <summary>The verb.</summary>
    public static Command Create(Terminal terminal)
    {
        Argument<string[]> folders = new("RAW")
        {
            Description = "Folders of raw results of dev/gpu/run.sh; several runs of one machine become one report",
            Arity = ArgumentArity.OneOrMore,
        };
        Option<string?> output = OptionFactory.Text("--out", "DIR", "Folder for results.json and results.md");
        output.Required = true;
        Command command = new("gpu-results", "Puts the raw results of dev/gpu/run.sh together; exit code 1 when they do not pass.")
        {
            folders,
            output,
        };
        command.SetAction(parsed => Write(terminal, parsed.GetRequiredValue(folders), parsed.GetValue(output)!));
        return command;
    }

    private static int Write(Terminal terminal, string[] folders, string output)
    {
        GpuResults results = new([.. folders.Select(GpuRun.Read)]);
        string table = GpuTables.Of(results);
        Directory.CreateDirectory(output);
        Save(Path.Combine(output, "results.json"), results.ToJson().ToJsonString(_json) + "\n");
        Save(Path.Combine(output, "results.md"), table);
        terminal.Out.Write(table);
        return results.Problems.Count == 0 ? ExitCode.Ok : ExitCode.RunTime;
    }

    private static void Save(string path, string text) => AtomicFile.Write(path, true, stream => stream.Write(Encoding.UTF8.GetBytes(text)));
}
