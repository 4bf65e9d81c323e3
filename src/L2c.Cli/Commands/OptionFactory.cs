using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Numerics;
using L2c.Weights;

namespace L2c.Cli.Commands;

/// <summary>Options of one value, with errors that name the option and say what it takes.</summary>
internal static class OptionFactory
{
    /// <summary>More than this and the words of a choice are told in its description instead of beside its name.</summary>
    private const int LongChoice = 40;

    /// <summary>One letter means the same in every command.</summary>
    private static readonly Dictionary<string, string> _letters = new()
    {
        ["--count"] = "-n",
        ["--out"] = "-o",
        ["--steps"] = "-s",
        ["--quiet"] = "-q",
    };

    /// <summary>Any text but an empty one, which is what a shell makes of a variable that is not set.</summary>
    public static Option<string?> Text(string name, string helpName, string description, params string[] aliases)
    {
        Option<string?> option = new(name, Names(name, aliases)) { Description = description, HelpName = helpName };
        option.Validators.Add(result => RefuseEmpty(result, name, helpName));
        return option;
    }

    /// <summary>Texts, none of them empty: the option may be given several times.</summary>
    public static Option<string[]> Texts(string name, string helpName, string description, params string[] aliases)
    {
        Option<string[]> option = new(name, Names(name, aliases))
        {
            Description = description,
            HelpName = helpName,
            Arity = ArgumentArity.OneOrMore,
        };
        option.Validators.Add(result => RefuseEmpty(result, name, helpName));
        return option;
    }

    /// <summary>Offers words where a shell completes the value, beside the names of files.</summary>
    public static Option<T> Offering<T>(this Option<T> option, IEnumerable<string> words)
    {
        option.CompletionSources.Add([.. words]);
        return option;
    }

    /// <summary>Adds an error where a value is empty.</summary>
    /// <param name="result">What was parsed.</param>
    /// <param name="name">The option or argument.</param>
    /// <param name="wanted">What it takes.</param>
    public static void RefuseEmpty(SymbolResult result, string name, string wanted)
    {
        if (result.Tokens.Any(token => string.IsNullOrWhiteSpace(token.Value)))
        {
            result.AddError($"{name} is empty; give {wanted}, or omit it");
        }
    }

    /// <summary>A switch.</summary>
    public static Option<bool> Switch(string name, string description) => new(name, Names(name)) { Description = description };

    /// <summary>A whole number from <paramref name="least"/> to <paramref name="most"/>.</summary>
    public static Option<int?> Whole(string name, int least, string description, int most = int.MaxValue) => new(name, Names(name))
    {
        Description = description,
        HelpName = "N",
        CustomParser = result => Parse<int>(
            result,
            NumberStyles.AllowLeadingSign,
            value => value >= least && value <= most,
            most == int.MaxValue ? $"a whole number of at least {least}" : $"a whole number from {least} to {most}"),
    };

    /// <summary>A seed of 64 bits.</summary>
    public static Option<ulong?> Seed(string name, string description, params string[] aliases) => new(name, Names(name, aliases))
    {
        Description = description,
        HelpName = "N",
        CustomParser = result => Parse<ulong>(result, NumberStyles.None, _ => true, "a whole number from 0 to 2^64 - 1"),
    };

    /// <summary>A finite number of at least 0.</summary>
    public static Option<double?> NonNegative(string name, string description, params string[] aliases) => new(name, Names(name, aliases))
    {
        Description = description,
        HelpName = "X",
        CustomParser = result => Parse<double>(
            result, NumberStyles.Float, value => value >= 0 && float.IsFinite((float)value), "a number of at least 0"),
    };

    /// <summary>A finite number above 0.</summary>
    public static Option<double?> Positive(string name, string description) => new(name, Names(name))
    {
        Description = description,
        HelpName = "X",
        CustomParser = result => Parse<double>(
            result, NumberStyles.Float, value => (float)value > 0 && float.IsFinite((float)value), "a number above 0"),
    };

    /// <summary>Finite numbers of at least 0 with commas between them.</summary>
    public static Option<double[]?> NonNegatives(string name, string description) => new(name, Names(name))
    {
        Description = description,
        HelpName = "X[,X...]",
        Arity = ArgumentArity.ExactlyOne,
        CustomParser = result =>
        {
            string[] words = result.Tokens[0].Value.Split(',');
            double[] values = [.. words.Select(word => double.TryParse(
                word, NumberStyles.Float, CultureInfo.InvariantCulture, out double value) ? value : double.NaN)];
            return values.All(value => value >= 0 && float.IsFinite((float)value))
                ? values
                : Refuse<double[]?>(result, words.Length == 1 ? "a number of at least 0" : "numbers of at least 0 with commas between them");
        },
    };

    /// <summary>A number from 0 to 1.</summary>
    public static Option<double?> Fraction(string name, string description, params string[] aliases) => new(name, Names(name, aliases))
    {
        Description = description,
        HelpName = "X",
        CustomParser = result => Parse<double>(result, NumberStyles.Float, value => value is >= 0 and <= 1, "a number from 0 to 1"),
    };

    /// <summary>One of a few words in any case of letters, or null for whatever suits the other options.</summary>
    public static Option<string?> Choice(string name, string description, params string[] words) => Choice(name, description, words, "");

    /// <summary>One of a few words, not each of which can always be used.</summary>
    /// <param name="name">The option.</param>
    /// <param name="description">For its help.</param>
    /// <param name="words">The words.</param>
    /// <param name="restriction">What is told behind them where another word was given, as <c> (on the CPU fp32)</c>.</param>
    public static Option<string?> Choice(string name, string description, string[] words, string restriction) => new Option<string?>(name, Names(name))
    {
        Description = Describe(description, words),
        HelpName = Label(words),
        CustomParser = result => Pick(result, words, restriction),
    }.Offering(words);

    /// <summary>One of a few words, in any case of letters.</summary>
    public static Option<string> OneOf(string name, string description, string preset, params string[] others)
    {
        string[] words = [preset, .. others];
        return new Option<string>(name, Names(name))
        {
            Description = $"{Describe(description, words)} [default: {preset}]",
            HelpName = Label(words),
            DefaultValueFactory = _ => preset,
            CustomParser = result => Pick(result, words)!,
        }.Offering(words);
    }

    /// <summary>An argument that is one of a few words, in any case of letters.</summary>
    public static Argument<string> Word(string name, string description, params string[] words)
    {
        Argument<string> argument = new(name) { Description = Describe(description, words), CustomParser = result => Pick(result, words)! };
        argument.CompletionSources.Add(words);
        return argument;
    }

    private static string[] Names(string name, params string[] aliases) => _letters.TryGetValue(name, out string? letter) ? [letter, .. aliases] : aliases;

    private static string Label(string[] words) => string.Join('|', words) is { Length: <= LongChoice } all ? all : "NAME";

    private static string Describe(string description, string[] words) =>
        Label(words) == "NAME" ? $"{description}. One of {string.Join(", ", words)}" : description;

    private static string? Pick(ArgumentResult result, string[] words, string restriction = "") =>
        KnownWords.Find(result.Tokens[0].Value, words)
        ?? Refuse<string>(result, $"one of {string.Join(", ", words)}{restriction}", KnownWords.DidYouMean(result.Tokens[0].Value, words));

    private static T? Parse<T>(ArgumentResult result, NumberStyles styles, Func<T, bool> accept, string wanted)
        where T : struct, INumberBase<T> =>
        T.TryParse(result.Tokens[0].Value, styles, CultureInfo.InvariantCulture, out T value) && accept(value) ? value : Refuse<T?>(result, wanted);

    private static T? Refuse<T>(ArgumentResult result, string wanted, string hint = "")
    {
        string option = (result.Parent as OptionResult)?.IdentifierToken?.Value ?? result.Argument.Name;
        result.AddError($"{option} needs {wanted}, not '{result.Tokens[0].Value}'{hint}");
        return default;
    }
}
