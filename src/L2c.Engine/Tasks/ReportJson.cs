using System.Text.Json;
using System.Text.Json.Serialization;

namespace L2c;

/// <summary>How results are written as JSON.</summary>
public static class ReportJson
{
    /// <summary>camelCase, nothing that is null; all but ASCII escaped, so that the text also fits a PNG's text chunk.</summary>
    public static JsonSerializerOptions Options { get; } = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    };
}
