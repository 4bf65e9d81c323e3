using System.Text.Json;
using System.Text.Json.Serialization;
using L2c.Weights;

namespace L2c.Model.Caching;

/// <summary>
/// A schedule as a file: <c>{"format": "l2c-schedule/1", "model", "sampler", "steps", "evaluations": [{"role", "compute": "1011..."}]}</c>.
/// </summary>
/// <param name="Format">Always <see cref="CurrentFormat"/>.</param>
/// <param name="Model">Name of the network it was made for; it may be used for another one of that size.</param>
/// <param name="Sampler">Name of the sampler.</param>
/// <param name="Steps">Evaluations of the sampler, as many as <paramref name="Evaluations"/> has.</param>
/// <param name="Evaluations">In sampling order.</param>
/// <param name="Skipped">"reuse" (default) or "drop".</param>
public sealed record ScheduleJson(
    string Format,
    string Model,
    string Sampler,
    int Steps,
    IReadOnlyList<ScheduleJson.EvaluationJson> Evaluations,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Skipped = null)
{
    /// <summary>The format this version reads and writes.</summary>
    public const string CurrentFormat = "l2c-schedule/1";

    private const string Drop = "drop";

    private static readonly string[] _keys = ["format", "model", "sampler", "steps", "evaluations"];

    private static readonly JsonSerializerOptions _writing = new() { PropertyNamingPolicy = JsonNamingPolicy.CamelCase, WriteIndented = true };

    /// <summary>One evaluation.</summary>
    /// <param name="Role">"refresh" or "cache".</param>
    /// <param name="Compute">One character per branch, 1 where computed.</param>
    public sealed record EvaluationJson(string Role, string Compute);

    /// <summary>Describes a schedule.</summary>
    public static ScheduleJson From(CacheSchedule schedule, string model, string sampler) => new(
        CurrentFormat,
        model,
        sampler,
        schedule.Evaluations,
        [.. Enumerable.Range(0, schedule.Evaluations).Select(e => new EvaluationJson(
            schedule.Role(e) == EvaluationRole.Refresh ? "refresh" : "cache",
            string.Concat(Enumerable.Range(0, schedule.Branches).Select(b => schedule.Computes(e, b) ? '1' : '0'))))],
        schedule.DropsSkipped ? Drop : null);

    /// <summary>Parses a file's text.</summary>
    /// <param name="path">For messages.</param>
    /// <param name="text">UTF-8 JSON without a byte order mark.</param>
    /// <exception cref="MalformedFileException">Not this format, no evaluations, or another number of them than steps.</exception>
    public static ScheduleJson Parse(string path, ReadOnlyMemory<byte> text)
    {
        const string what = "the schedule";
        JsonWords words = new(path);
        JsonElement root = words.Root(text);

        // Another version may have other keys, so the format comes first.
        string format = words.Members(root, what).TryGetValue("format", out JsonElement named) ? words.Text(named, "format") : CurrentFormat;
        if (format != CurrentFormat)
        {
            throw words.Fault($"format is \"{FileText.Printable(format)}\"; this version reads \"{CurrentFormat}\"");
        }

        Dictionary<string, JsonElement> members = words.Members(root, what, _keys, "skipped");
        string? skipped = members.TryGetValue("skipped", out JsonElement word) ? words.Text(word, "skipped") : null;
        if (skipped is not (null or "reuse" or Drop))
        {
            throw words.Fault($"skipped is \"{FileText.Printable(skipped)}\"; write \"reuse\" or \"drop\"");
        }

        EvaluationJson[] evaluations = [.. words.List(members["evaluations"], "evaluations").Select((row, e) => Evaluation(words, row, e))];
        int steps = words.Whole(members["steps"], "steps");
        return evaluations.Length > 0 && evaluations.Length == steps
            ? new ScheduleJson(format, words.Text(members["model"], "model"), words.Text(members["sampler"], "sampler"), steps, evaluations, skipped)
            : throw words.Fault($"steps is {steps} and evaluations has {evaluations.Length} entries; write one entry for each of one or more steps");
    }

    /// <summary>UTF-8 text of the file.</summary>
    public byte[] ToUtf8() => JsonSerializer.SerializeToUtf8Bytes(this, _writing);

    /// <summary>The schedule.</summary>
    /// <param name="path">For messages.</param>
    /// <exception cref="MalformedFileException">An unknown role, or a character that is not 0 or 1.</exception>
    /// <exception cref="ArgumentException">Well-formed, but no valid schedule.</exception>
    public CacheSchedule ToSchedule(string path)
    {
        var roles = new EvaluationRole[Evaluations.Count];
        var computes = new bool[Evaluations.Count][];
        for (int e = 0; e < roles.Length; e++)
        {
            roles[e] = Evaluations[e].Role switch
            {
                "refresh" => EvaluationRole.Refresh,
                "cache" => EvaluationRole.Cache,
                string other => throw new MalformedFileException(
                    path, $"evaluation {e} has role \"{FileText.Printable(other)}\"; write \"refresh\" or \"cache\""),
            };
            string mask = Evaluations[e].Compute;
            int wrong = mask.AsSpan().IndexOfAnyExcept('0', '1');
            computes[e] = wrong < 0
                ? [.. mask.Select(c => c == '1')]
                : throw new MalformedFileException(
                    path, $"evaluation {e} has '{FileText.Printable(mask[wrong].ToString())}' for branch {wrong}; write 1 (compute) or 0");
        }

        return new CacheSchedule(roles, computes, Skipped == Drop);
    }

    private static EvaluationJson Evaluation(JsonWords words, JsonElement row, int e)
    {
        Dictionary<string, JsonElement> members = words.Members(row, $"evaluation {e}", ["role", "compute"]);
        return new EvaluationJson(
            words.Text(members["role"], $"role of evaluation {e}"), words.Text(members["compute"], $"compute of evaluation {e}"));
    }
}
