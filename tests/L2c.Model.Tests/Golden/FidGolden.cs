using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text.Json;
using L2c.Model.Metrics;
using L2c.Model.Randomness;
using L2c.Testing.Golden;

namespace L2c.Model.Tests.Golden;

/// <summary>Mistakes that the bounds of the recorded distances must reject.</summary>
public enum FidFault
{
    None,
    DividesByCount,
    RootCountedOnce,
}

/// <summary>Kinds "fid" and "fid_recipe": Fréchet distances and their terms from recorded features, and from features that a recipe makes.</summary>
internal static class FidGolden
{
    private const string Prefix = "fid.";

    public static GoldenResult Run(GoldenCase golden, FidFault fault = FidFault.None)
    {
        GoldenResult result = new(golden);
        using GoldenTensors recorded = golden.Open();
        GoldenRows Find(string name) => new(recorded.Floats(name), (int)recorded.Shape(name)[1]);
        Compare(result, recorded, Find, fault);
        foreach (string name in Bounds(golden).Where(name => name.StartsWith("stat.", StringComparison.Ordinal)))
        {
            string[] words = name.Split('.');
            GoldenRows rows = Find(words[1]);
            FeatureStatistics statistics = Statistics(rows, words[1], FidFault.None);
            double[] actual = words[2] switch
            {
                "mu_f32" => SingleMean(rows), // what the evaluator has, of the same rows; here means are of binary64 alone
                "mu_f64" => statistics.Mean(),
                "sigma" => statistics.Covariance(),
                _ => throw new NotSupportedException($"{golden.File}: no rule for {name}"),
            };
            result.Compare(name, actual, recorded.Doubles(name));
        }

        return result;
    }

    public static GoldenResult RunRecipe(GoldenCase golden)
    {
        GoldenResult result = new(golden);
        using GoldenTensors recorded = golden.Open();
        Dictionary<string, GoldenRows> made = new()
        {
            ["ref"] = Make(golden, "ref", golden.Config.GetProperty("n_ref").GetInt32(), 0, 1),
            ["sample"] = Make(golden, "sample", golden.Config.GetProperty("n_sample").GetInt32(), 1, 1.05f),
        };
        foreach ((string name, GoldenRows rows) in made)
        {
            string hash = Convert.ToHexStringLower(SHA256.HashData(MemoryMarshal.AsBytes(rows.Values.AsSpan())));
            string expected = golden.Config.GetProperty("check").GetProperty(name).GetProperty("sha256").GetString()!;
            result.CompareExactly<char>($"{name}.sha256", hash, expected);
        }

        Compare(result, recorded, name => made[name], FidFault.None);
        return result;
    }

    private static void Compare(GoldenResult result, GoldenTensors recorded, Func<string, GoldenRows> find, FidFault fault)
    {
        foreach (JsonElement entry in result.Golden.Config.GetProperty("cases").EnumerateArray())
        {
            string name = entry.GetProperty("name").GetString()!;
            JsonElement inputs = entry.GetProperty("inputs");
            FeatureStatistics of(string set) => Statistics(GoldenRows.Parse(inputs.GetProperty(set).GetString()!, find), set, fault);
            FrechetTerms terms = FrechetDistance.Between(of("ref"), of("sample"));
            foreach (string tensor in Bounds(result.Golden).Where(t => t.StartsWith($"{Prefix}{name}.", StringComparison.Ordinal)))
            {
                double value = tensor[(Prefix.Length + name.Length + 1)..] switch
                {
                    "exact" or "evaluator" or "torch_fidelity" => Distance(terms, fault),
                    "mean_term" => terms.Mean,
                    "tr1" => terms.Trace,
                    "tr2" => terms.ReferenceTrace,
                    "tr_sqrt" => terms.RootTrace,
                    _ => throw new NotSupportedException($"{result.Golden.File}: no rule for {tensor}"),
                };
                result.Compare(tensor, [value], recorded.Doubles(tensor));
            }
        }
    }

    private static double Distance(FrechetTerms terms, FidFault fault) =>
        fault == FidFault.RootCountedOnce ? terms.Distance + terms.RootTrace : terms.Distance;

    private static FeatureStatistics Statistics(GoldenRows rows, string name, FidFault fault)
    {
        FeatureStatistics statistics = new(rows.Dimension, name);
        statistics.Add(rows.Values);
        if (fault != FidFault.DividesByCount)
        {
            return statistics;
        }

        double factor = (statistics.Count - 1.0) / statistics.Count;
        return new FeatureStatistics(name, statistics.Mean(), Array.ConvertAll(statistics.Covariance(), value => value * factor));
    }

    private static double[] SingleMean(GoldenRows rows)
    {
        float[] sum = new float[rows.Dimension];
        for (int i = 0; i < rows.Values.Length; i++)
        {
            sum[i % rows.Dimension] += rows.Values[i];
        }

        return Array.ConvertAll(sum, value => (double)(value / (rows.Values.Length / rows.Dimension)));
    }

    // Every step rounded to binary32.
    private static GoldenRows Make(GoldenCase golden, string name, int count, int which, float factor)
    {
        int dimension = golden.Config.GetProperty("d").GetInt32();
        float[] z = new float[count * dimension], x = new float[z.Length];
        new TorchGenerator(golden.Config.GetProperty("seeds")[which].GetUInt64()).Randn(z);
        for (int i = 0; i < count; i++)
        {
            for (int j = 0; j < dimension; j++)
            {
                float scale = 1 / (1 + (j / 64f));
                float sum = z[(i * dimension) + j] + z[(i * dimension) + (((7 * j) + 3) % dimension)];
                float scaled = sum * scale;
                float value = Math.Max(0, scaled + 0.3f);
                x[(i * dimension) + j] = name == "sample" ? Math.Max(0, value * factor) : value;
            }
        }

        return new GoldenRows(x, dimension);
    }

    private static IEnumerable<string> Bounds(GoldenCase golden) => golden.Case.GetProperty("bounds").EnumerateObject().Select(bound => bound.Name);
}
