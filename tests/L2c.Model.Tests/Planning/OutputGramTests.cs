using L2c.Model.Caching;
using L2c.Model.Planning;

namespace L2c.Model.Tests.Planning;

public sealed class OutputGramTests
{
    [Fact]
    public void Distances_to_sums_are_those_of_the_outputs()
    {
        float[][] outputs = [.. Enumerable.Range(0, 4).Select(e => Values(e, 100))];
        OutputGram gram = Of(outputs);
        CacheTerm[] terms = [new(2, 2), new(1, -1.5f), new(0, 0.25f)];
        double expected = Distance(outputs, 3, terms);
        Assert.Equal(expected, gram.SquaredError(3, 1, terms), 1e-9 * expected);

        // A sum with one weight of the wrong sign is another one.
        Assert.NotEqual(expected, gram.SquaredError(3, 1, [terms[0], terms[1] with { Weight = 1.5f }, terms[2]]), 0.01 * expected);
        Assert.Equal(0, gram.SquaredError(2, 1, [new(2)]));
        Assert.Equal(0, gram.SquaredError(3, 0, [new(2)])); // of another branch, which nothing was said about
    }

    [Fact]
    public void Runs_add_up()
    {
        float[][] first = [Values(1, 50), Values(2, 50)], second = [Values(3, 50), Values(4, 50)];
        OutputGram both = Of(first);
        Add(both, second);
        Assert.Equal(Distance(first, 1, [new(0)]) + Distance(second, 1, [new(0)]), both.SquaredError(1, 1, [new(0)]), 1e-6);
    }

    [Fact]
    public void Of_long_outputs_a_sample_stands_for_all_channels()
    {
        // Channels of very unlike size, in a width that divides the stretch of the sample.
        const int width = 128, rows = 4096;
        float[][] outputs = [.. Enumerable.Range(0, 2).Select(e =>
            Values(e, width * rows).Select((value, i) => value * ((i % width) + 1)).ToArray())];
        double all = Distance(outputs, 1, [new(0)]) / outputs[0].Length * OutputGram.SampleLength;
        Assert.Equal(all, Of(outputs).SquaredError(1, 1, [new(0)]), 0.03 * all);
    }

    private static OutputGram Of(float[][] outputs)
    {
        OutputGram gram = new(outputs.Length, branches: 2);
        Add(gram, outputs);
        return gram;
    }

    private static void Add(OutputGram gram, float[][] outputs)
    {
        for (int e = 0; e < outputs.Length; e++)
        {
            gram.Add(e, 1, outputs[e]);
        }
    }

    private static float[] Values(int seed, int count)
    {
        Random random = new(seed);
        return [.. Enumerable.Range(0, count).Select(_ => (float)random.NextDouble())];
    }

    private static double Distance(float[][] outputs, int evaluation, CacheTerm[] terms) => Enumerable.Range(0, outputs[0].Length).Sum(i =>
    {
        double difference = outputs[evaluation][i] - terms.Sum(term => (double)term.Weight * outputs[term.Evaluation][i]);
        return difference * difference;
    });
}
