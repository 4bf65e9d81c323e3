using System.CommandLine;
using System.Text;
using System.Text.Json.Nodes;

namespace L2c.Cli.Output;

/// <summary>A result as <c>--save-result</c> writes it: what <c>--json</c> prints, and what a report needs beside it.</summary>
internal static class ResultFile
{
    /// <summary>The file's text.</summary>
    /// <param name="parsed">The command line, which is kept as it was typed.</param>
    /// <param name="result">What <c>--json</c> prints.</param>
    /// <param name="schedule">The schedule of a run as a file has it; null for none.</param>
    public static byte[] Of(ParseResult parsed, JsonObject result, byte[]? schedule)
    {
        result[ResultKeys.Version] = typeof(ResultKeys).Assembly.GetName().Version!.ToString(3);
        result[ResultKeys.Arguments] = new JsonArray([.. parsed.Tokens.Select(token => (JsonNode)token.Value)]);
        if (schedule is not null)
        {
            result[ResultKeys.Schedule] = JsonNode.Parse(schedule);
        }

        return Encoding.ASCII.GetBytes(result.ToJsonString(ReportJson.Options) + "\n");
    }
}
