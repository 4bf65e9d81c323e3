using System.Text.Json;
using System.Text.Json.Nodes;
using L2c.Weights;
using Spectre.Console;

namespace L2c.Cli.Output;

/// <summary>Where a command prints, and how it is told to stop.</summary>
/// <param name="Out">Results.</param>
/// <param name="Err">Errors, remarks and progress.</param>
/// <param name="Interactive">Whether a person watches <paramref name="Err"/>, so that progress may be drawn.</param>
/// <param name="Cancel">Cancelled by Ctrl-C or SIGTERM.</param>
public sealed record Terminal(TextWriter Out, TextWriter Err, bool Interactive, CancellationToken Cancel)
{
    /// <summary>Whether remarks and progress are left out, so that <see cref="Err"/> has errors alone.</summary>
    internal bool IsQuiet { get; set; }

    /// <summary>What <see cref="Err"/> leads to, for a library that draws with control sequences and knows a terminal by its own writer.</summary>
    internal TextWriter Drawing => Beneath(Err);

    /// <summary>For what is drawn in colours on <see cref="Out"/>; null where that is no terminal, shows none, or the user wants none (NO_COLOR).</summary>
    internal IAnsiConsole? Colours
    {
        get
        {
            IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Beneath(Out)) });
            return string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR"))
                && console.Profile.Out.IsTerminal && console.Profile.Capabilities is { Ansi: true, ColorSystem: not ColorSystem.NoColors }
                    ? console
                    : null;
        }
    }

    /// <summary>Prints one object as one line of JSON.</summary>
    /// <param name="value">The object.</param>
    /// <param name="lifted">Members whose own members are printed in their place: what several reports have in common is one record of them.</param>
    public void PrintJson(object value, params string[] lifted) => Out.WriteLine(Flatten(value, lifted).ToJsonString(ReportJson.Options));

    /// <summary>One object as it is printed.</summary>
    /// <param name="value">The object.</param>
    /// <param name="lifted">As of <see cref="PrintJson"/>.</param>
    internal static JsonObject Flatten(object value, params string[] lifted)
    {
        JsonObject flat = [];
        foreach ((string name, JsonNode? member) in JsonSerializer.SerializeToNode(value, ReportJson.Options)!.AsObject())
        {
            if (!lifted.Contains(name) || member is not JsonObject parts)
            {
                flat[name] = member?.DeepClone();
                continue;
            }

            foreach ((string inner, JsonNode? part) in parts)
            {
                flat[inner] = part?.DeepClone();
            }
        }

        return flat;
    }

    /// <summary>Tells a person something on <see cref="Err"/>; nothing where there is nothing to tell.</summary>
    /// <param name="remark">As <c>note: ...</c>; lines that are no note or warning are printed as they are.</param>
    public void Remark(string? remark)
    {
        if (remark is not null && !IsQuiet)
        {
            bool named = remark.StartsWith("note: ", StringComparison.Ordinal) || remark.StartsWith("warning: ", StringComparison.Ordinal);
            Err.WriteLine(named ? $"l2c: {remark}" : remark);
        }
    }

    /// <summary>Tells a note, if there is one.</summary>
    public void Note(string? note) => Remark(note is null ? null : $"note: {note}");

    private static TextWriter Beneath(TextWriter writer) =>
        PrintableWriter.Over(writer).Inner is var inner && inner is StandardWriter standard ? standard.Inner : inner;
}
