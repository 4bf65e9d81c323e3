using L2c.Model.Caching;
using L2c.Model.Caching.Forecasts;
using L2c.Model.Planning;
using L2c.Model.Tests.Caching.Forecasts;

namespace L2c.Model.Tests.Planning;

public sealed class FittedPredictorTests
{
    private const int Evaluations = 7, Branch = 1;

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public void Weights_are_those_of_least_squares_over_the_outputs_themselves(int terms)
    {
        float[][][] runs = [Run(1), Run(2)];
        Predictor fitted = new FittedPredictor(Gram(runs), terms);
        int[] computed = [4, 2, 1];
        CacheTerm[] weights = Terms(fitted, 6, computed);
        Assert.Equal(computed.Take(terms), weights.Select(term => term.Evaluation));

        // Nothing near them is nearer, with the sum 1 kept; and the sum of squares is less than that of reuse and of the polynomial by far.
        double least = Error(runs, 6, weights);
        for (int other = 1; other < terms; other++)
        {
            foreach (float step in (float[])[-0.01f, 0.01f])
            {
                CacheTerm[] moved = [.. weights];
                moved[0] = moved[0] with { Weight = moved[0].Weight - step };
                moved[other] = moved[other] with { Weight = moved[other].Weight + step };
                Assert.True(Error(runs, 6, moved) > least);
            }
        }

        Assert.Equal(1, weights.Sum(term => (double)term.Weight), 1e-5);
        Assert.True(least < 0.9 * Error(runs, 6, [new CacheTerm(4)]));
        Assert.True(least < 0.9 * Error(runs, 6, Terms(Predictor.Polynomial(terms - 1), 6, computed)));
    }

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public void They_are_those_of_a_fit_in_double_precision(int terms)
    {
        float[][] run = Run(3);
        int[] computed = [.. ((int[])[5, 3, 0]).Take(terms)];
        double[] expected = LeastSquares.Weights(
            [.. computed.Skip(1).Select(e => Minus(run[e], run[5]))], Minus(run[6], run[5]), ForecastFit.DefaultRidge, new double[terms - 1]);
        CacheTerm[] weights = Terms(new FittedPredictor(Gram([run]), terms), 6, computed);
        Assert.All(weights.Skip(1).Zip(expected), pair => Assert.Equal(pair.Second, pair.First.Weight, 1e-5));
        Assert.Equal(1 - expected.Sum(), weights[0].Weight, 1e-5);

        static double[] Minus(float[] one, float[] other) => [.. one.Zip(other, (a, b) => (double)a - b)];
    }

    [Fact]
    public void What_is_linear_in_the_evaluation_is_met_exactly_and_what_stands_still_is_reused()
    {
        float[][] linear =
            [.. Enumerable.Range(0, Evaluations).Select(e => Enumerable.Range(0, 40).Select(i => (0.25f * e * (i % 5)) + i).ToArray())];
        float[][] still = [.. Enumerable.Range(0, Evaluations).Select(_ => linear[0])];
        CacheTerm[] weights = Terms(new FittedPredictor(Gram([linear]), 2), 6, [4, 3]);
        Assert.Equal(3, weights[0].Weight, 1e-4f);
        Assert.Equal(-2, weights[1].Weight, 1e-4f);
        Assert.Equal([new CacheTerm(4, 1), new CacheTerm(3, 0)], Terms(new FittedPredictor(Gram([still]), 2), 6, [4, 3]));
    }

    [Fact]
    public void Of_two_nearly_equal_outputs_the_earlier_gets_no_weight_where_rounding_leaves_no_pivot()
    {
        double[] a = [0.5, 0.5];
        LinearForecast.Solve([1, 0, 1.001, 1], a, 1e-8);
        Assert.Equal(0.5, a[0], 1e-7);
        Assert.Equal(0, a[1]);

        // Inner products of 10^10, of whose rounding the differences' products, of 10, are made.
        for (int seed = 0; seed < 50; seed++)
        {
            Random random = new(seed);
            float[][] run = [.. Enumerable.Range(0, Evaluations).Select(_ => new float[200])];
            for (int i = 0; i < 200; i++)
            {
                float value = 1e4f * (1 + random.NextSingle()), near = value + random.NextSingle() - 0.5f;
                (run[4][i], run[2][i], run[1][i], run[6][i]) = (value, near, i == 0 ? MathF.BitIncrement(near) : near, value + 0.25f);
            }

            CacheTerm[] weights = Terms(new FittedPredictor(Gram([run]), 3), 6, [4, 2, 1]);
            Assert.All(weights, term => Assert.True(float.IsFinite(term.Weight), $"seed {seed}: {term}"));
            Assert.Equal(1, weights.Sum(term => (double)term.Weight), 1e-3);
        }
    }

    [Fact]
    public void Among_predictors_that_read_as_many_outputs_the_fitted_one_errs_least_and_a_search_that_has_it_finds_better()
    {
        RandomErrors network = new(3, evaluations: 5, branches: 4);
        DecisionErrors errors = network.Errors;
        for (int e = 2; e < 5; e++)
        {
            double fitted = errors.Of(e, [2], errors.Fitted(2), [e - 1, e - 2]);
            Assert.True(fitted <= errors.Of(e, [2], Predictor.Polynomial(1), [e - 1, e - 2]));
            Assert.True(fitted <= errors.Of(e, [2], Predictor.Reuse, [e - 1]));
        }

        BranchGrouping grouping = BranchGrouping.All(4)[0];
        BranchCosts costs = new([1, 1.5, 0.7, 2], 0.05);
        double polynomials = Of(Predictor.Polynomial(1), Predictor.Polynomial(2)), learned = Of(errors.Fitted(2), errors.Fitted(3));
        Assert.True(learned < polynomials, $"{learned} and {polynomials}");

        double Of(params Predictor[] predictors)
        {
            CacheSchedule found = new ScheduleSearch(errors, costs, grouping, [Predictor.Reuse, .. predictors]).Solve(0.3);
            double time = Enumerable.Range(0, 5).Sum(e => Enumerable.Range(0, 4).Sum(b =>
                found.Computes(e, b) ? costs.Compute[b] : found.Terms(e, b).Length * costs.Term));
            return errors.Of(found, grouping) + (0.3 * time);
        }
    }

    [Fact]
    public void Other_numbers_of_outputs_are_refused()
    {
        DecisionErrors errors = new RandomErrors(1, 5, 4).Errors;
        Assert.Throws<ArgumentOutOfRangeException>(() => errors.Fitted(1));
        Assert.Throws<ArgumentOutOfRangeException>(() => errors.Fitted(7));
        Assert.Equal((6, "fitted 6"), (errors.Fitted(6).Depth, errors.Fitted(6).Name));
    }

    // A bend that no polynomial of order 2 follows, with noise.
    private static float[][] Run(int seed)
    {
        Random random = new(seed);
        float[] from = Values(), to = Values();
        return [.. Enumerable.Range(0, Evaluations).Select(e => from.Zip(to, (a, b) =>
            (float)(a + ((b - a) * Math.Sqrt(e)) + (0.05 * random.NextDouble()))).ToArray())];

        float[] Values() => [.. Enumerable.Range(0, 200).Select(_ => (float)random.NextDouble())];
    }

    private static OutputGram Gram(float[][][] runs)
    {
        OutputGram gram = new(Evaluations, branches: 2);
        foreach (float[][] run in runs)
        {
            for (int e = 0; e < run.Length; e++)
            {
                gram.Add(e, Branch, run[e]);
            }
        }

        return gram;
    }

    private static double Error(float[][][] runs, int evaluation, CacheTerm[] terms) => runs.Sum(run => Enumerable.Range(0, run[0].Length).Sum(i =>
        Math.Pow(run[evaluation][i] - terms.Sum(term => (double)term.Weight * run[term.Evaluation][i]), 2)));

    private static CacheTerm[] Terms(Predictor predictor, int evaluation, int[] computed)
    {
        var terms = new CacheTerm[predictor.Depth];
        predictor.Write(evaluation, Branch, computed.AsSpan(0, predictor.Depth), terms);
        return terms;
    }
}
