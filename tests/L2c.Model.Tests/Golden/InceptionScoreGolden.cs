using System.Globalization;
using L2c.Model.Metrics;
using L2c.Model.Randomness;
using L2c.Testing.Golden;

namespace L2c.Model.Tests.Golden;

/// <summary>Kind "inception_score": scores of splits in order and of shuffled ones, from recorded pool features and logits.</summary>
internal static class InceptionScoreGolden
{
    public static GoldenResult Run(GoldenCase golden)
    {
        GoldenResult result = new(golden);
        using GoldenTensors recorded = golden.Open();
        int classes = golden.Config.GetProperty("classes").GetInt32(), count = golden.Config.GetProperty("n").GetInt32();
        float[] logits = recorded.Floats("logits");
        double[] exact = Logits(recorded, classes, withBias: false);
        result.Compare("logits", exact, recorded.Doubles("logits"));
        result.Compare("probs", Softmax(exact, classes), recorded.Doubles("probs"));
        result.CompareExactly<long>(
            "perm_2020", Array.ConvertAll(NumpyShuffle.Permutation(count, 2020), index => (long)index), recorded.Longs("perm_2020"));
        foreach (int size in golden.Config.GetProperty("split_sizes").EnumerateArray().Select(size => size.GetInt32()))
        {
            InceptionScore score = new(classes, "golden", size);
            score.Add(exact);
            InceptionScoreResult scored = score.Result();
            string name = string.Create(CultureInfo.InvariantCulture, $"is.split{size}");
            result.Compare($"{name}.f64", [scored.Score], recorded.Doubles($"{name}.f64"));
            result.Compare($"{name}.per_split_f64", [.. scored.Splits], recorded.Doubles($"{name}.per_split_f64"));
            result.Compare($"{name}.evaluator", [InceptionScore.Of(logits, classes, "golden", size).Score], recorded.Doubles($"{name}.evaluator"));
        }

        // As many as make ten splits.
        InceptionScoreResult shuffled = InceptionScore.OfShuffled(logits, classes, "golden");
        InceptionScoreResult inOrder = InceptionScore.Of(logits, classes, "golden", count / 10);
        InceptionScoreResult biased = InceptionScore.Of(
            Array.ConvertAll(Logits(recorded, classes, withBias: true), value => (float)value), classes, "golden", count / 10);
        result.Compare("is.tf10.shuffled", [shuffled.Score, shuffled.Deviation], recorded.Doubles("is.tf10.shuffled"));
        result.Compare("is.tf10.in_order", [inOrder.Score, inOrder.Deviation], recorded.Doubles("is.tf10.in_order"));

        int few = (int)recorded.Shape("probs_with_zeros")[1];
        InceptionScore zeros = new(few, "golden");
        zeros.AddProbabilities(recorded.Floats("probs_with_zeros"));
        result.Compare("is.zeros.zero_log_zero_is_zero_f64", [zeros.Result().Score], recorded.Doubles("is.zeros.zero_log_zero_is_zero_f64"));

        // A classifier with its bias gives another score, which the bounds tell apart.
        double[] wrong = recorded.Doubles("is.tf10.in_order_with_bias_wrong");
        bool isToldApart = Math.Abs(biased.Score - wrong[0]) < 1e-6 * wrong[0] && Math.Abs(biased.Score - inOrder.Score) > 1e-3;
        result.CompareExactly<bool>("is.tf10.in_order_with_bias_wrong", [isToldApart], [true]);
        return result;
    }

    private static double[] Logits(GoldenTensors recorded, int classes, bool withBias)
    {
        double[] pool = recorded.Doubles("pool"), weight = recorded.Doubles("fc.weight"), bias = recorded.Doubles("fc.bias");
        int width = weight.Length / classes;
        double[] logits = new double[pool.Length / width * classes];
        for (int i = 0; i < logits.Length; i++)
        {
            (int row, int label) = (i / classes, i % classes);
            double sum = withBias ? bias[label] : 0;
            for (int k = 0; k < width; k++)
            {
                sum += pool[(row * width) + k] * weight[(label * width) + k];
            }

            logits[i] = sum;
        }

        return logits;
    }

    private static double[] Softmax(double[] logits, int classes) => [.. logits.Chunk(classes).SelectMany(row =>
    {
        double largest = row.Max(), sum = row.Sum(logit => Math.Exp(logit - largest));
        return row.Select(logit => Math.Exp(logit - largest) / sum);
    })];
}
