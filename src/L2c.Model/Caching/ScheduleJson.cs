using System.Text.Json;
using System.Text.Json.Serialization;
using L2c.Weights;

namespace L2c.Model.Caching;

/// <summary>
/// A schedule as a file: <c>{"format": "l2c-schedule/1", "model", "sampler", "steps", "evaluations": [{"role", "compute": "1011..."}]}</c>.
/// </summary>
/// <param name="Format">Always <see cref="CurrentFormat"/>.</param>
/// <param name="Model">Name of the network it was made for.</param>
/// <param name="Sampler">Name of the sampler.</param>
/// <param name="Steps">Sampling steps as asked for.</param>
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

    private static readonly JsonSerializerOptions _options = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        AllowDuplicateProperties = false,
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
        WriteIndented = true,
        MaxDepth = 8,
    };

    /// <summary>One evaluation.</summary>
    /// <param name="Role">"refresh" or "cache".</param>
    /// <param name="Compute">One character per branch, 1 where computed.</param>
    public sealed record EvaluationJson(string Role, string Compute);

    /// <summary>Describes a schedule.</summary>
    public static ScheduleJson From(CacheSchedule schedule, string model, string sampler, int steps) => new(
        CurrentFormat,
        model,
        sampler,
        steps,
        [.. Enumerable.Range(0, schedule.Evaluations).Select(e => new EvaluationJson(
            schedule.Role(e) == EvaluationRole.Refresh ? "refresh" : "cache",
            string.Concat(Enumerable.Range(0, schedule.Branches).Select(b => schedule.Computes(e, b) ? '1' : '0'))))],
        schedule.DropsSkipped ? Drop : null);

    /// <summary>Parses a file's text.</summary>
    /// <param name="path">For messages.</param>
    /// <param name="text">UTF-8 JSON.</param>
    /// <exception cref="MalformedFileException">Not this format.</exception>
    public static ScheduleJson Parse(string path, ReadOnlySpan<byte> text)
    {
        try
        {
            ScheduleJson? parsed = JsonSerializer.Deserialize<ScheduleJson>(text, _options);
            return parsed switch
            {
                null => throw new MalformedFileException(path, "the schedule is null; write an object"),
                { Format: not CurrentFormat } =>
                    throw new MalformedFileException(path, $"format is \"{parsed.Format}\"; this version reads \"{CurrentFormat}\""),
                { Evaluations: var rows } when rows.Any(row => row is null) =>
                    throw new MalformedFileException(path, "an evaluation is null; write an object"),
                { Skipped: not (null or "reuse" or Drop) } =>
                    throw new MalformedFileException(path, $"skipped is \"{parsed.Skipped}\"; write \"reuse\" or \"drop\""),
                _ => parsed,
            };
        }
        catch (JsonException exception)
        {
            string what = exception.Message.Split(". Path", 2)[0].TrimEnd('.');
            throw new MalformedFileException(
                path, $"not a schedule ({what} at line {exception.LineNumber + 1}); expected {CurrentFormat}", exception);
        }
    }

    /// <summary>UTF-8 text of the file.</summary>
    public byte[] ToUtf8() => JsonSerializer.SerializeToUtf8Bytes(this, _options);

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
                string other => throw new MalformedFileException(path, $"evaluation {e} has role \"{other}\"; write \"refresh\" or \"cache\""),
            };
            string mask = Evaluations[e].Compute;
            int wrong = mask.AsSpan().IndexOfAnyExcept('0', '1');
            computes[e] = wrong < 0
                ? [.. mask.Select(c => c == '1')]
                : throw new MalformedFileException(path, $"evaluation {e} has '{mask[wrong]}' for branch {wrong}; write 1 (compute) or 0");
        }

        return new CacheSchedule(roles, computes, Skipped == Drop);
    }
}
