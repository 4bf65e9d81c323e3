using System.Text.Json;
using System.Text.Json.Serialization;
using L2c.Model.Calibration;
using L2c.Weights;

namespace L2c.Model.Caching;

/// <summary>
/// A schedule as a file: <c>{"format": "l2c-schedule/1", "model", "sampler", "steps", "evaluations": [{"role", "compute": "1011..."}]}</c>. Where
/// a bit per branch does not say what it contributes it is "l2c-schedule/2", and an evaluation may also have <c>"terms": [{"branches": "0100...", "evaluations": [3, 0], "weights": [2, -1]}]</c>.
/// Where segments are replaced it is "l2c-schedule/3", and one may have <c>"segments": [{"first": 4, "last": 7, "evaluations": [3], "weights":
/// [1]}]</c>, too.
/// </summary>
/// <param name="Format"><see cref="MaskFormat"/>, <see cref="TermsFormat"/> or <see cref="SegmentsFormat"/>: the oldest that suffices.</param>
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
    /// <summary>The format of schedules that a bit per branch describes.</summary>
    public const string MaskFormat = "l2c-schedule/1";

    /// <summary>The format of schedules with terms of branches, forecasts for instance.</summary>
    public const string TermsFormat = "l2c-schedule/2";

    /// <summary>The format of schedules that replace segments.</summary>
    public const string SegmentsFormat = "l2c-schedule/3";

    private const string Drop = "drop";

    private static readonly string[] _keys = ["format", "model", "sampler", "steps", "evaluations"];

    private static readonly Dictionary<string, string[]> _optionalKeys =
        new() { [MaskFormat] = [], [TermsFormat] = ["terms"], [SegmentsFormat] = ["terms", "segments"] };

    private static readonly JsonSerializerOptions _writing = new() { PropertyNamingPolicy = JsonNamingPolicy.CamelCase, WriteIndented = true };

    /// <summary>One evaluation.</summary>
    /// <param name="Role">"refresh" or "cache".</param>
    /// <param name="Compute">One character per branch, 1 where computed.</param>
    /// <param name="Terms">What branches contribute that are not computed; those without an entry are reused or dropped.</param>
    /// <param name="Segments">What is replaced as a whole; none of its branches is computed.</param>
    public sealed record EvaluationJson(
        string Role,
        string Compute,
        [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<TermsJson>? Terms = null,
        [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<SegmentJson>? Segments = null);

    /// <summary>The weighted sum that some branches of an evaluation contribute.</summary>
    /// <param name="Branches">One character per branch, 1 for those that it is for.</param>
    /// <param name="Evaluations">Whose outputs.</param>
    /// <param name="Weights">One for each of them.</param>
    public sealed record TermsJson(string Branches, IReadOnlyList<int> Evaluations, IReadOnlyList<float> Weights);

    /// <summary>The weighted sum that stands for a segment of an evaluation.</summary>
    /// <param name="First">Its first branch.</param>
    /// <param name="Last">Its last one.</param>
    /// <param name="Evaluations">Whose deltas.</param>
    /// <param name="Weights">One for each of them.</param>
    public sealed record SegmentJson(int First, int Last, IReadOnlyList<int> Evaluations, IReadOnlyList<float> Weights);

    /// <summary>Describes a schedule.</summary>
    public static ScheduleJson From(CacheSchedule schedule, string model, string sampler)
    {
        return new ScheduleJson(
            schedule.Segments.Length > 0 ? SegmentsFormat : schedule.HasDefaultTermsOnly ? MaskFormat : TermsFormat,
            model,
            sampler,
            schedule.Evaluations,
            [.. Enumerable.Range(0, schedule.Evaluations).Select(e => new EvaluationJson(
                schedule.Role(e) == EvaluationRole.Refresh ? "refresh" : "cache", Mask(b => schedule.Computes(e, b)), Terms(e), Segments(e)))],
            schedule.DropsSkipped ? Drop : null);

        string Mask(Func<int, bool> isSet) => string.Concat(Enumerable.Range(0, schedule.Branches).Select(b => isSet(b) ? '1' : '0'));

        TermsJson[]? Terms(int e)
        {
            TermsJson[] groups =
            [
                .. Enumerable.Range(0, schedule.Branches).Where(b => !schedule.HasDefaultTerms(e, b))
                    .GroupBy(b => string.Join(' ', schedule.Terms(e, b)))
                    .Select(group => (Branches: group.ToHashSet(), Sum: schedule.Terms(e, group.First())))
                    .Select(group => new TermsJson(
                        Mask(group.Branches.Contains), [.. group.Sum.Select(t => t.Evaluation)], [.. group.Sum.Select(t => t.Weight)])),
            ];
            return groups.Length == 0 ? null : groups;
        }

        SegmentJson[]? Segments(int e) => schedule.ReplacedIn(e) is { Length: > 0 } replaced
            ? [.. replaced.Select(r => new SegmentJson(
                r.Segment.First, r.Segment.Last, [.. r.Terms.Select(t => t.Evaluation)], [.. r.Terms.Select(t => t.Weight)]))]
            : null;
    }

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
        string format = words.Members(root, what).TryGetValue("format", out JsonElement named) ? words.Text(named, "format") : MaskFormat;
        if (!_optionalKeys.TryGetValue(format, out string[]? optional))
        {
            throw words.Fault(format == CalibrationJson.Format
                ? "this is the table of a calibration; l2c calibrate --table FILE makes schedules of it"
                : $"format is \"{FileText.Printable(format)}\"; this version reads \"{MaskFormat}\", \"{TermsFormat}\" and \"{SegmentsFormat}\"");
        }

        Dictionary<string, JsonElement> members = words.Members(root, what, _keys, "skipped");
        string? skipped = members.TryGetValue("skipped", out JsonElement word) ? words.Text(word, "skipped") : null;
        if (skipped is not (null or "reuse" or Drop))
        {
            throw words.Fault($"skipped is \"{FileText.Printable(skipped)}\"; write \"reuse\" or \"drop\"");
        }

        EvaluationJson[] evaluations =
            [.. words.EvaluationList(members["evaluations"], "evaluations").Select((row, e) => Evaluation(words, row, e, optional))];
        int steps = words.Whole(members["steps"], "steps");
        int segments = evaluations.SelectMany(evaluation => evaluation.Segments ?? []).Select(s => (s.First, s.Last)).Distinct().Count();
        words.RequireSize(evaluations.Length, evaluations.Select(evaluation => evaluation.Compute.Length).DefaultIfEmpty().Max(), segments);
        return evaluations.Length > 0 && evaluations.Length == steps
            ? new ScheduleJson(format, words.Text(members["model"], "model"), words.Text(members["sampler"], "sampler"), steps, evaluations, skipped)
            : throw words.Fault($"steps is {steps} and evaluations has {evaluations.Length} entries; write one entry for each of one or more steps");
    }

    /// <summary>UTF-8 text of the file.</summary>
    public byte[] ToUtf8() => JsonSerializer.SerializeToUtf8Bytes(this, _writing);

    /// <summary>The schedule.</summary>
    /// <param name="path">For messages.</param>
    /// <exception cref="MalformedFileException">An unknown role, or a character that is not 0 or 1.</exception>
    /// <exception cref="ArgumentException">Well-formed, but not a valid schedule.</exception>
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
            computes[e] = Bits(path, Evaluations[e].Compute, e, "write 1 (compute) or 0");
        }

        var forecasts = Evaluations
            .Select((evaluation, e) => (evaluation.Terms ?? []).Select(sum => (Branches: Bits(path, sum.Branches, e, "write 1 or 0"), Sum: sum)).ToArray())
            .ToArray();
        SegmentReplacement[] replaced =
        [
            .. from evaluation in Evaluations.Select((row, e) => (Number: e, Segments: row.Segments ?? []))
               from segment in evaluation.Segments
               select new SegmentReplacement(
                   evaluation.Number, new CacheSegment(segment.First, segment.Last), [.. Terms(segment.Evaluations, segment.Weights)]),
        ];
        return new CacheSchedule(roles, computes, Skipped == Drop, Forecast, replaced);

        IReadOnlyList<CacheTerm>? Forecast(int e, int b) => Array.Find(forecasts[e], sum => b < sum.Branches.Length && sum.Branches[b]).Sum is { } found
            ? [.. Terms(found.Evaluations, found.Weights)]
            : null;
    }

    private static IEnumerable<CacheTerm> Terms(IReadOnlyList<int> evaluations, IReadOnlyList<float> weights) =>
        evaluations.Zip(weights, (source, weight) => new CacheTerm(source, weight));

    private static bool[] Bits(string path, string mask, int evaluation, string advice)
    {
        int wrong = mask.AsSpan().IndexOfAnyExcept('0', '1');
        return wrong < 0
            ? [.. mask.Select(c => c == '1')]
            : throw new MalformedFileException(
                path, $"evaluation {evaluation} has '{FileText.Printable(mask[wrong].ToString())}' for branch {wrong}; {advice}");
    }

    private static EvaluationJson Evaluation(JsonWords words, JsonElement row, int e, string[] optional)
    {
        Dictionary<string, JsonElement> members = words.Members(row, $"evaluation {e}", ["role", "compute"], optional);
        return new EvaluationJson(
            words.Text(members["role"], $"role of evaluation {e}"),
            words.Text(members["compute"], $"compute of evaluation {e}"),
            List("terms", Terms),
            List("segments", Segment));

        IReadOnlyList<T>? List<T>(string name, Func<JsonElement, T> read) =>
            members.TryGetValue(name, out JsonElement list) ? [.. words.List(list, $"{name} of evaluation {e}").Select(read)] : null;

        TermsJson Terms(JsonElement value)
        {
            string what = $"terms of evaluation {e}";
            Dictionary<string, JsonElement> parts = words.Members(value, what, ["branches", "evaluations", "weights"]);
            (int[] evaluations, float[] weights) = Sum(parts, what);
            return new TermsJson(words.Text(parts["branches"], $"branches of the {what}"), evaluations, weights);
        }

        SegmentJson Segment(JsonElement value)
        {
            string what = $"segments of evaluation {e}";
            Dictionary<string, JsonElement> parts = words.Members(value, what, ["first", "last", "evaluations", "weights"]);
            (int[] evaluations, float[] weights) = Sum(parts, what);
            return new SegmentJson(
                words.Whole(parts["first"], $"a first branch in the {what}"),
                words.Whole(parts["last"], $"a last branch in the {what}"),
                evaluations,
                weights);
        }

        (int[] Evaluations, float[] Weights) Sum(Dictionary<string, JsonElement> parts, string what)
        {
            int[] evaluations = [.. words.List(parts["evaluations"], what).Select(source => words.Whole(source, $"an evaluation in the {what}"))];
            float[] weights = [.. words.List(parts["weights"], what).Select(weight => words.Number(weight, $"a weight in the {what}"))];
            return weights.Length == evaluations.Length
                ? (evaluations, weights)
                : throw words.Fault($"{what}: {evaluations.Length} evaluations and {weights.Length} weights; give one weight for each");
        }
    }
}
