using System.Text.Json;
using L2c.Model.Caching;
using L2c.Weights;

namespace L2c.Model.Calibration;

/// <summary>
/// A calibration table as a file: <c>{"format": "l2c-calibration/1", "method", "model", "sampler", "steps", "branches", "images", "figures": {"NAME":
/// [numbers]}}</c>.
/// </summary>
public static class CalibrationJson
{
    /// <summary>What the files call themselves.</summary>
    public const string Format = "l2c-calibration/1";

    private static readonly string[] _keys = ["format", "method", "model", "sampler", "steps", "branches", "images", "figures"];

    private static readonly JsonSerializerOptions _writing = new() { PropertyNamingPolicy = JsonNamingPolicy.CamelCase };

    /// <summary>Reads a file. The source stays open.</summary>
    /// <exception cref="MalformedFileException">It is something else, or longer than any table.</exception>
    public static CalibrationTable Read(ByteSource source) => Parse(source.Path, source.ReadAll(ReadLimits.CalibrationBytes));

    /// <summary>Parses a file's text.</summary>
    /// <param name="path">For messages.</param>
    /// <param name="text">UTF-8 JSON without a byte order mark.</param>
    /// <exception cref="MalformedFileException">It is something else.</exception>
    public static CalibrationTable Parse(string path, ReadOnlyMemory<byte> text)
    {
        JsonWords words = new(path, "not a calibration table: ", "what l2c calibrate wrote as its table");
        JsonElement root = words.Root(text);
        const string what = "the file";
        if (!words.Members(root, what).TryGetValue("format", out JsonElement named) || words.Text(named, "format") is not Format)
        {
            throw words.Fault($"its format is not \"{Format}\"; give what l2c calibrate wrote as its table");
        }

        Dictionary<string, JsonElement> members = words.Members(root, what, _keys);
        int steps = words.Whole(members["steps"], "steps"), branches = words.Whole(members["branches"], "branches");
        if (steps is < 1 or > ReadLimits.ScheduleEvaluations || branches < 2 || branches % 2 != 0)
        {
            throw words.Fault(
                $"{steps} steps of {branches} branches; a run has 1 to {ReadLimits.ScheduleEvaluations}, a network two branches per block");
        }

        words.RequireSize(steps, branches);
        return new CalibrationTable(
            words.Text(members["method"], "method"),
            words.Text(members["model"], "model"),
            words.Text(members["sampler"], "sampler"),
            steps,
            branches,
            words.Whole(members["images"], "images"),
            words.Members(members["figures"], "figures").ToDictionary(
                figure => figure.Key,
                figure => words.EvaluationList(figure.Value, "a list of figures").Select(value => Number(words, value)).ToArray()));
    }

    /// <summary>UTF-8 text of the file.</summary>
    /// <exception cref="ArgumentException">A figure is not a finite number.</exception>
    public static byte[] ToUtf8(CalibrationTable table)
    {
        if (table.Figures.FirstOrDefault(figure => !figure.Value.All(double.IsFinite)).Key is { } name)
        {
            throw new ArgumentException($"figures \"{name}\" are not all finite numbers: the network's outputs were not");
        }

        return JsonSerializer.SerializeToUtf8Bytes(
            new { Format, table.Method, table.Model, table.Sampler, table.Steps, table.Branches, table.Images, table.Figures }, _writing);
    }

    private static double Number(JsonWords words, JsonElement value) =>
        value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out double number) && double.IsFinite(number)
            ? number
            : throw words.Fault("a figure is not a number; write a finite number");
}
