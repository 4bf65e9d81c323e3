using L2c.Model.Metrics;
using L2c.Testing;

namespace L2c.Model.Tests.Metrics;

public class InceptionScoreTests
{
    [Fact]
    public void Certain_and_different_scores_the_number_of_classes_and_alike_scores_one()
    {
        float[] certain = [1000, 0, 0, 0, 1000, 0, 0, 0, 1000];
        Assert.Equal(3, InceptionScore.Of(certain, 3, "the set").Score, 1e-12);
        Assert.Equal(1, InceptionScore.Of([1, 2, 3, 1, 2, 3], 3, "the set").Score, 1e-12);
        InceptionScore zeros = new(2, "the set");
        zeros.AddProbabilities([1, 0, 0, 1]);
        Assert.Equal(2, zeros.Result().Score, 1e-12);
    }

    [Theory]
    [InlineData(1, 1, 5000)]
    [InlineData(53, 7, 20)] // a short last split
    [InlineData(40, 1008, 20)]
    public void It_is_that_of_the_definition(int count, int classes, int rowsPerSplit)
    {
        float[] logits = RandomData.Normal(2, count * classes);
        InceptionScoreResult found = InceptionScore.Of(logits, classes, "the set", rowsPerSplit);
        double[] expected = [.. logits.Chunk(classes).Select(Softmax).Chunk(rowsPerSplit).Select(Score)];
        Assert.Equal(expected.Length, found.Splits.Count);
        Assert.All(expected.Zip(found.Splits), pair => Assert.Equal(pair.First, pair.Second, 1e-12 * pair.First));
        Assert.Equal(expected.Average(), found.Score, 1e-12 * found.Score);

        InceptionScore inParts = new(classes, "the set", rowsPerSplit);
        foreach (float[] row in logits.Chunk(classes))
        {
            inParts.Add(row);
        }

        Assert.Equal(found.Splits, inParts.Result().Splits);
        if (count > 1)
        {
            Assert.NotEqual(found.Score, InceptionScore.OfShuffled(logits, classes, "the set").Score);
        }
    }

    [Fact]
    public void What_scores_nothing_is_refused_by_set_and_row()
    {
        Assert.Contains("no image", Refusal(score => score.Result()));
        Assert.Contains("not rows of 2", Refusal(score => score.Add([1f])));
        Assert.Contains("the set: row 1 of", Refusal(score => score.Add([1f, 2f, float.NaN, 1f])));
        Assert.Contains("the set: row 0 of", Refusal(score => score.AddProbabilities([2f, 0f])));

        static string Refusal(Action<InceptionScore> act)
        {
            InceptionScore score = new(2, "the set");
            return Assert.Throws<ArgumentException>(() => act(score)).Message;
        }
    }

    private static double[] Softmax(float[] logits)
    {
        double sum = logits.Sum(logit => Math.Exp(logit));
        return [.. logits.Select(logit => Math.Exp(logit) / sum)];
    }

    private static double Score(double[][] split)
    {
        double[] mean = [.. Enumerable.Range(0, split[0].Length).Select(c => split.Average(row => row[c]))];
        return Math.Exp(split.Average(row => row.Zip(mean).Sum(pair => pair.First * (Math.Log(pair.First) - Math.Log(pair.Second)))));
    }
}
