using System.Text.Json;
using System.Text.RegularExpressions;
using L2c.Testing.Golden;
using L2c.Weights;
using L2c.Weights.Npy;

namespace L2c.Model.Tests.Golden;

/// <summary>Kinds "npz" and "npz_container": the evaluator's files, read as it reads them.</summary>
internal static partial class NpzGolden
{
    private const string Mean = "mu", Covariance = "sigma";

    /// <summary>The arrays that the containers hold.</summary>
    public static GoldenResult Run(GoldenCase golden)
    {
        GoldenResult result = new(golden);
        foreach (JsonProperty file in golden.Config.GetProperty("files").EnumerateObject())
        {
            Compare(result, golden, golden, file.Name, file.Value);
        }

        return result;
    }

    /// <summary>One container.</summary>
    public static GoldenResult RunContainer(GoldenCase golden)
    {
        GoldenResult result = new(golden);
        GoldenCase arrays = GoldenManifest.Find(golden.Case.GetProperty("arrays").GetString()!);
        Compare(result, golden, arrays, golden.File, golden.Case.GetProperty("expected"));
        return result;
    }

    private static void Compare(GoldenResult result, GoldenCase golden, GoldenCase arrays, string file, JsonElement expected)
    {
        using GoldenTensors recorded = arrays.Open();
        using var archive = NpzArchive.Open(Path.Combine(golden.Folder, file));
        string statistics = expected.GetProperty("statistics").GetString()!;
        CompareStatistics(result, recorded, archive, file, statistics);
        if (expected.TryGetProperty("error", out _))
        {
            string? refusal = Refusal(() => archive.Images());
            bool isRefused = !archive.HasImages && refusal?.Contains("arr_0", StringComparison.Ordinal) == true;
            result.CompareExactly<bool>($"{file}: no images", [isRefused], [true]);
            return;
        }

        NpzImages images = archive.Images();
        result.CompareExactly<long>($"{file}: shape", [images.Count, images.Height, images.Width, 3], Longs(expected.GetProperty("shape")));
        Match range = Rows().Match(expected.GetProperty("equals").GetString()!);
        byte[] all = recorded.Bytes(recorded.Info(range.Groups[1].Value));
        int first = (int)images.ImageBytes * int.Parse(range.Groups[2].Value), end = (int)images.ImageBytes * int.Parse(range.Groups[3].Value);
        byte[] read = new byte[end - first];
        long at = 0;
        foreach (long batch in Longs(expected.GetProperty("batches")))
        {
            images.Read(at, read.AsSpan((int)(at * images.ImageBytes), (int)(batch * images.ImageBytes)));
            at += batch;
        }

        result.CompareExactly<byte>($"{file}: images", read, all.AsSpan(first, end - first));
    }

    private static void CompareStatistics(GoldenResult result, GoldenTensors recorded, NpzArchive archive, string file, string expected)
    {
        switch (expected)
        {
            case "computed from activations":
                result.CompareExactly<bool>($"{file}: statistics", [archive.Statistics() is null && archive.SpatialStatistics() is null], [true]);
                break;
            case "from the file":
                (NpzStatistics pool, NpzStatistics spatial) = (archive.Statistics()!, archive.SpatialStatistics()!);
                result.CompareExactly<double>($"{file}: {Mean}", pool.Mean, recorded.Doubles(Mean));
                result.CompareExactly<double>($"{file}: {Covariance}", pool.Covariance, recorded.Doubles(Covariance));
                result.CompareExactly<double>($"{file}: {Mean}_s", spatial.Mean, recorded.Doubles($"{Mean}_s"));
                result.CompareExactly<double>($"{file}: {Covariance}_s", spatial.Covariance, recorded.Doubles($"{Covariance}_s"));
                break;
            default:
                // The evaluator's error names the array that is missing.
                string missing = Missing().Match(expected).Groups[1].Value;
                bool isRefused = Refusal(() => archive.SpatialStatistics()) is { } refusal && refusal.Contains(missing, StringComparison.Ordinal);
                result.CompareExactly<bool>($"{file}: {missing}", [isRefused], [missing.Length > 0]);
                break;
        }
    }

    private static string? Refusal(Action act)
    {
        try
        {
            act();
            return null;
        }
        catch (MalformedFileException e)
        {
            return e.Message;
        }
    }

    private static long[] Longs(JsonElement list) => [.. list.EnumerateArray().Select(value => value.GetInt64())];

    [GeneratedRegex(@"^(\w+)\[(\d+):(\d+)\]$")]
    private static partial Regex Rows();

    [GeneratedRegex(@"'(\w+) is not a file")]
    private static partial Regex Missing();
}
