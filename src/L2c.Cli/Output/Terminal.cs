using System.Text.Json;
using System.Text.Json.Serialization;

namespace L2c.Cli.Output;

/// <summary>Where a command prints, and how it is told to stop.</summary>
/// <param name="Out">Results.</param>
/// <param name="Err">Errors, remarks and progress.</param>
/// <param name="Interactive">Whether a person watches <paramref name="Err"/>, so that progress may be drawn.</param>
/// <param name="Cancel">Cancelled by Ctrl-C or SIGTERM.</param>
public sealed record Terminal(TextWriter Out, TextWriter Err, bool Interactive, CancellationToken Cancel)
{
    /// <summary>camelCase, nothing that is null; all but ASCII escaped, so that the text also fits a PNG's text chunk.</summary>
    internal static JsonSerializerOptions Json { get; } = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    };

    /// <summary>Prints one object as one line of JSON.</summary>
    public void PrintJson(object value) => Out.WriteLine(JsonSerializer.Serialize(value, Json));
}
