using System.Text.Json;

namespace L2c;

/// <summary>What tells two records of settings apart.</summary>
internal static class JsonDifference
{
    /// <summary>The first member that differs, as <c>images 200, and now it is 10000</c>; null where all agree.</summary>
    public static string? Find<T>(T now, T before) => Find(
        JsonSerializer.SerializeToElement(now, ReportJson.Options), JsonSerializer.SerializeToElement(before, ReportJson.Options));

    private static string? Find(JsonElement now, JsonElement before)
    {
        foreach (JsonProperty member in now.EnumerateObject().Concat(before.EnumerateObject()))
        {
            bool had = before.TryGetProperty(member.Name, out JsonElement old), has = now.TryGetProperty(member.Name, out JsonElement current);
            if (had && has && current.ValueKind == JsonValueKind.Object && old.ValueKind == JsonValueKind.Object)
            {
                if (Find(current, old) is { } inner)
                {
                    return inner;
                }
            }
            else if (!had || !has || current.GetRawText() != old.GetRawText())
            {
                return $"{member.Name} {(had ? Text(old) : "not set")}, and now it is {(has ? Text(current) : "not set")}";
            }
        }

        return null;
    }

    private static string Text(JsonElement value)
    {
        const int Longest = 80;
        string text = value.GetRawText();
        return text.Length <= Longest ? text : $"{text[..Longest]}...";
    }
}
