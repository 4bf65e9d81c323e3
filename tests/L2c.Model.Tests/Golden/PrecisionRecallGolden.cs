using System.Text.Json;
using L2c.Model.Metrics;
using L2c.Testing.Golden;

namespace L2c.Model.Tests.Golden;

/// <summary>Mistakes that the recorded decisions must reject.</summary>
public enum PrecisionRecallFault
{
    None,

    /// <summary>No mistake, but the decisions are made as those with one are: from distances of binary32.</summary>
    DecidedAnew,
    OpenBalls,
    RadiusOfUnsortedRow,
}

/// <summary>Kind "precision_recall": radii and decisions, in binary16 blocks and without.</summary>
internal static class PrecisionRecallGolden
{
    public static GoldenResult Run(GoldenCase golden, PrecisionRecallFault fault = PrecisionRecallFault.None)
    {
        GoldenResult result = new(golden);
        using GoldenTensors recorded = golden.Open();
        GoldenRows Find(string name) => new(recorded.Floats(name), (int)recorded.Shape(name)[1]);
        foreach (JsonProperty entry in golden.Config.GetProperty("cases").EnumerateObject())
        {
            JsonElement inputs = entry.Value.GetProperty("inputs");
            FeatureRows of(string set)
            {
                GoldenRows rows = GoldenRows.Parse(inputs.GetProperty(set).GetString()!, Find);
                return new FeatureRows(set, rows.Values, rows.Dimension);
            }

            PrecisionRecallOptions options = new()
            {
                HalfPrecision = entry.Value.GetProperty("mode").GetString() == "16",
                HalfBlock = entry.Value.GetProperty("block").GetInt32(),
            };
            FeatureRows reference = of("ref"), samples = of("sample");
            PrecisionRecall[] found =
            [
                .. entry.Value.GetProperty("k").EnumerateArray().Select(k => k.GetInt32()).Select(k =>
                    Faulty(PrecisionRecall.Of(samples, reference, options with { Neighbours = k }), samples, reference, k, fault)),
            ];
            Compare(result, recorded, $"pr.{entry.Name}", found);

            // The evaluator makes the blocks between the sets once for precision and once for recall.
            if (options.HalfPrecision && fault == PrecisionRecallFault.None)
            {
                long rows = Blocks(reference), columns = Blocks(samples), between = rows * columns, own = (rows * rows) + (columns * columns);
                long Blocks(FeatureRows set) => (set.Count + options.HalfBlock - 1) / options.HalfBlock;
                result.CompareExactly<long>($"pr.{entry.Name}.blocks", [found[0].HalfBlocks.All + between], [own + (2 * between)]);
            }
        }

        if (fault == PrecisionRecallFault.None)
        {
            CompareDistances(result, recorded, Find);
            PrecisionRecall plain = PrecisionRecall.Of(Set(Find("sample"), "sample"), Set(Find("ref"), "ref"));
            const string Plain = "pr.torch_fidelity.precision_recall";
            result.Compare(Plain, [plain.Precision, plain.Recall], recorded.Doubles(Plain));
        }

        return result;
    }

    private static FeatureRows Set(GoldenRows rows, string name) => new(name, rows.Values, rows.Dimension);

    // Columns of the recording are the k.
    private static void Compare(GoldenResult result, GoldenTensors recorded, string name, PrecisionRecall[] found)
    {
        double[] precision = [.. found.Select(f => f.Precision)], recall = [.. found.Select(f => f.Recall)];
        result.Compare($"{name}.precision_recall", [.. precision, .. recall], recorded.Doubles($"{name}.precision_recall"));
        result.Compare($"{name}.radii_ref", Columns<float>(found, f => f.ReferenceRadii), recorded.Doubles($"{name}.radii_ref"));
        result.Compare($"{name}.radii_sample", Columns<float>(found, f => f.SampleRadii), recorded.Doubles($"{name}.radii_sample"));
        foreach ((string tensor, Func<PrecisionRecall, IReadOnlyList<bool>> get) in ((string, Func<PrecisionRecall, IReadOnlyList<bool>>)[])[
            ($"{name}.ref_in_sample", f => f.ReferenceCovered), ($"{name}.sample_in_ref", f => f.SamplesCovered)])
        {
            result.CompareExactly<long>(tensor, [.. Columns(found, get).Select(isCovered => isCovered ? 1L : 0)], recorded.Longs(tensor));
        }
    }

    private static T[] Columns<T>(PrecisionRecall[] found, Func<PrecisionRecall, IReadOnlyList<T>> get)
    {
        IReadOnlyList<T>[] columns = [.. found.Select(get)];
        return [.. Enumerable.Range(0, columns[0].Count).SelectMany(row => columns.Select(column => column[row]))];
    }

    private static void CompareDistances(GoldenResult result, GoldenTensors recorded, Func<string, GoldenRows> find)
    {
        int rows = (int)recorded.Shape("dist.f64")[0], columns = (int)recorded.Shape("dist.f64")[1];
        FeatureRows reference = Set(find("ref").Some(0, rows), "ref"), samples = Set(find("sample").Some(0, columns), "sample");
        result.Compare("dist.fp32", Distances(reference, samples, half: false), recorded.Doubles("dist.fp32"));
        result.Compare("dist.fp16", Distances(reference, samples, half: true), recorded.Doubles("dist.fp16"));
        float[] own = Distances(reference, reference, half: true);
        result.Compare("dist.fp16_self", [.. Enumerable.Range(0, rows).Select(i => own[i * (rows + 1)])], recorded.Doubles("dist.fp16_self"));
    }

    private static float[] Distances(FeatureRows rows, FeatureRows columns, bool half)
    {
        using SquaredDistances distances = new(
            rows.Dimension, new PrecisionRecallOptions { HalfPrecision = half }, _ => { }, TestContext.Current.CancellationToken);
        Matrix matrix = new(rows.Count, columns.Count);
        distances.Visit(rows, columns, matrix);
        return matrix.Values;
    }

    private static PrecisionRecall Faulty(
        PrecisionRecall found, FeatureRows samples, FeatureRows reference, int neighbours, PrecisionRecallFault fault)
    {
        if (fault == PrecisionRecallFault.None)
        {
            return found;
        }

        BallCover cover = fault switch
        {
            PrecisionRecallFault.DecidedAnew => new BallCover([.. found.ReferenceRadii], [.. found.SampleRadii]),
            PrecisionRecallFault.OpenBalls =>
                new BallCover([.. found.ReferenceRadii.Select(MathF.BitDecrement)], [.. found.SampleRadii.Select(MathF.BitDecrement)]),
            _ => new BallCover(Unsorted(reference, neighbours), Unsorted(samples, neighbours)),
        };
        float[] between = Distances(reference, samples, half: false);
        for (int row = 0; row < reference.Count; row++)
        {
            cover.Take(row, 0, between.AsSpan(row * samples.Count, samples.Count));
        }

        return found with
        {
            Precision = Share(cover.ColumnsCovered),
            Recall = Share(cover.RowsCovered),
            SamplesCovered = cover.ColumnsCovered,
            ReferenceCovered = cover.RowsCovered,
        };

        static double Share(bool[] covered) => (double)covered.Count(isCovered => isCovered) / covered.Length;
    }

    private static float[] Unsorted(FeatureRows set, int neighbours)
    {
        float[] own = Distances(set, set, half: false);
        return [.. Enumerable.Range(0, set.Count).Select(row => own[(row * set.Count) + neighbours])];
    }

    private sealed class Matrix(int rows, int columns) : IDistanceUse
    {
        public float[] Values { get; } = new float[rows * columns];

        public void Take(int row, int firstColumn, ReadOnlySpan<float> distances) => distances.CopyTo(Values.AsSpan((row * columns) + firstColumn));

        public void Save()
        {
        }

        public void Restore()
        {
        }
    }
}
