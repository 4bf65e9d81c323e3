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
    /// <summary>The first member by which two records of one kind differ, as <c>images 200, and now it is 10000</c>; null where all agree.</summary>
    internal static string? Difference<T>(T now, T before) =>
        Difference(JsonSerializer.SerializeToElement(now, Options), JsonSerializer.SerializeToElement(before, Options));

    private static string? Difference(JsonElement now, JsonElement before)
    {
        foreach (JsonProperty member in now.EnumerateObject().Concat(before.EnumerateObject()))
        {
            bool had = before.TryGetProperty(member.Name, out JsonElement old), has = now.TryGetProperty(member.Name, out JsonElement current);
            if (had && has && current.ValueKind == JsonValueKind.Object && old.ValueKind == JsonValueKind.Object)
            {
                if (Difference(current, old) is { } inner)
                {
                    return inner;
                }
            }
            else if (!had || !has || current.GetRawText() != old.GetRawText())
            {
                return $"{member.Name} {(had ? old.GetRawText() : "not set")}, and now it is {(has ? current.GetRawText() : "not set")}";
            }
        }

        return null;
    }
}
