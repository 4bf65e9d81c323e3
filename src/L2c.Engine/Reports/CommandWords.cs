using System.Buffers;
using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using L2c.Model.Caching;
using L2c.Weights;

namespace L2c;

/// <summary>Command lines that repeat a run.</summary>
internal static partial class CommandWords
{
    private const string MaxSteps = "--max-steps";

    private static readonly SearchValues<char> _plain =
        SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./,:=+@%");

    /// <summary>A line for a shell: what holds other characters than those of plain words is quoted.</summary>
    public static string Line(IEnumerable<string> words) => string.Join(' ', words.Prepend("l2c").Select(Quoted));

    /// <summary>Why no command samples a picture again, as a sentence; null where one does.</summary>
    /// <param name="p">The parameters in it.</param>
    public static string? LackOfSample(JsonElement p)
    {
        if (p.TryGetProperty("step", out JsonElement step))
        {
            return $"The picture was sampled at step {FileText.OneLine(step.ToString())} of a training run, from what was trained by then: "
                + "no command samples it again.";
        }

        return p.TryGetProperty("cache", out JsonElement cache) && cache.ValueKind == JsonValueKind.String && cache.GetString() is { } text
            && RouterOf(text).Router is null && new CacheRequest { Rule = text }.RuleFile is null && !IsRule(text)
                ? $"{FileText.OneLine(text)} is a schedule of a program that used the library, which no option names: no command samples the picture again."
                : null;
    }

    /// <summary>The command that samples a picture again, from the parameters in it.</summary>
    /// <param name="p">The parameters.</param>
    /// <param name="hasClasses">Whether the network has classes; null where that is not known.</param>
    public static string OfSample(JsonElement p, bool? hasClasses)
    {
        List<string> words = ["sample"];
        bool isDemo = Text("checkpoint") == Path.GetFileName(DemoModel.Path);
        Option("--ckpt", isDemo ? null : Text("checkpoint"));
        Option("--use", Text("weights") is "ema" or "model" ? Text("weights") : null);
        Option("--sampler", Text("sampler"));
        Option("--steps", Text("steps"));
        Option("--eta", Text("eta") is "0" ? null : Text("eta"));
        Option("--grid", Text("grid"));
        Option("--cfg-scale", Text("guidance") == "none" ? "1" : Text("cfgScale"));
        Option("--guidance", Text("guidance") is "published" or "none" ? null : Text("guidance"));
        if (Text("clipDenoised") == "true")
        {
            words.Add("--clip-denoised");
        }

        Option("--seed", Text("seed"));
        Option("--rng", Text("rng") is "l2c" ? null : Text("rng"));
        Option("--noise", Text("noise"));
        words.AddRange(Cache(Text("cache"), isDemo));
        Option("--cache-dtype", Text("cacheDtype"));
        if (p.TryGetProperty("image", out JsonElement image) && image.TryGetInt64(out long number) && number is >= 0 and < int.MaxValue)
        {
            // It depends on its number and its class alone; with torch's noise also on the number of images.
            Classes("class");
            Option("--count", Text("rng") == "torch" && Text("images") is { } images ? images : (number + 1).ToString(CultureInfo.InvariantCulture));
            words.Add("--separate");
        }
        else
        {
            Classes("classes");
            Option("--count", Text("images"));
        }

        Option("--vae", Text("vae"));
        Option("--vae-tile", Text("vaeTile"));
        Option("--dtype", Text("dtype") is "fp32" ? null : Text("dtype"));
        return Line(words);

        string? Text(string key) => !p.TryGetProperty(key, out JsonElement value) ? null : value.ValueKind switch
        {
            JsonValueKind.String => value.GetString(),
            JsonValueKind.Array => string.Join(',', value.EnumerateArray().Select(item => item.GetRawText())),
            JsonValueKind.Number or JsonValueKind.True or JsonValueKind.False => value.GetRawText(),
            _ => null,
        };

        // Pictures of a network without classes say class 0.
        void Classes(string key) => Option("--classes", hasClasses == false ? null : Text(key));

        void Option(string name, string? value)
        {
            if (!string.IsNullOrEmpty(value))
            {
                words.AddRange([name, value]);
            }
        }
    }

    /// <summary>The command that trains a run again, from the settings in its state.</summary>
    /// <param name="command">train or train-router.</param>
    /// <param name="settings">By option; without one for what was not in use.</param>
    /// <param name="steps">Optimisation steps.</param>
    /// <param name="isOfDemo">Whether the router is for the demo model.</param>
    /// <remarks>What the settings tell without its path is a word in capitals.</remarks>
    public static string OfTraining(string command, IReadOnlyDictionary<string, string> settings, long? steps, bool isOfDemo)
    {
        List<string> words = [command];
        foreach ((string key, string value) in settings)
        {
            string option = key.StartsWith("--", StringComparison.Ordinal) ? key : $"--{key}";
            string[] added = (option, value) switch
            {
                ("--ema-warm-up", "") => [option, "off"],
                (_, "") or (MaxSteps, _) => [],
                ("--forecast", _) => [option, "FORECAST.json"],
                ("--ckpt", _) => isOfDemo ? [] : [option, "CHECKPOINT"],
                ("--model" or "--device", _) => [option, value.Split(',')[0]],
                ("--data", "image-free") => ["--image-free"],
                ("--data", _) => [option, Data(value)],
                (_, "on") => [option],
                _ => [option, value],
            };
            words.AddRange(added);
        }

        // A learning rate that falls has the steps of the whole run among the settings.
        string? length = settings.GetValueOrDefault(MaxSteps) ?? steps?.ToString(CultureInfo.InvariantCulture);
        return Line(length is null ? words : [.. words, MaxSteps, length]);
    }

    /// <summary>Data as <c>--data</c> takes them, where they are the built-in pictures; of others the name tells no path.</summary>
    public static string Data(string name) => BuiltIn().IsMatch(name) ? BuiltIn().Replace(name, "$1:$2") : "DATA";

    private static string[] Cache(string? cache, bool isDemo)
    {
        (string? router, string? threshold) = RouterOf(cache);
        return (cache, router) switch
        {
            (null, _) => isDemo ? ["--cache", "none"] : [],
            (_, { } own) when isDemo && own == Path.GetFileName(DemoModel.RouterPath)
                && threshold == DemoModel.RouterThreshold.ToString(CultureInfo.InvariantCulture) => [], // used unless told otherwise
            (_, null) => ["--cache", cache],
            _ => ["--router", router, "--threshold", threshold!],
        };
    }

    /// <summary>Name and threshold of the router that a picture's parameter <c>cache</c> tells of; nulls where it is a rule or a file.</summary>
    internal static (string? Router, string? Threshold) RouterOf(string? cache)
    {
        const string before = "router ", between = ", threshold ";
        int comma = cache?.LastIndexOf(between, StringComparison.Ordinal) ?? -1;
        return comma > before.Length && cache!.StartsWith(before, StringComparison.Ordinal)
            ? (cache[before.Length..comma], cache[(comma + between.Length)..])
            : (null, null);
    }

    private static bool IsRule(string text)
    {
        try
        {
            // Of no particular network: one as deep as none is, so that no block is out of range.
            return ScheduleRule.Parse(text, [EvaluationRole.Refresh, EvaluationRole.Cache], 2000) is not null;
        }
        catch (ArgumentException)
        {
            return false;
        }
    }

    // As the built-in pictures are called in settings.
    [GeneratedRegex("^(shapes2?), seed ([0-9]+)$")]
    private static partial Regex BuiltIn();

    private static string Quoted(string word)
    {
        string shown = FileText.OneLine(word);
        return shown.Length > 0 && !shown.AsSpan().ContainsAnyExcept(_plain) ? shown : $"'{shown.Replace("'", "'\\''", StringComparison.Ordinal)}'";
    }
}
