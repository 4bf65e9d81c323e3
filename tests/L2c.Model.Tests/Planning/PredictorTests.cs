using L2c.Model.Caching;
using L2c.Model.Planning;

namespace L2c.Model.Tests.Planning;

public sealed class PredictorTests
{
    [Fact]
    public void Reuse_takes_the_latest_output_as_it_is() => Assert.Equal([new CacheTerm(4)], Terms(Predictor.Reuse, 7, [4, 1, 0]));

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void A_polynomial_of_its_order_is_met_exactly_whatever_the_gaps(int order)
    {
        foreach (int[] computed in (int[][])[[4, 3, 1], [6, 2, 0], [9, 8, 7]])
        {
            CacheTerm[] terms = Terms(Predictor.Polynomial(order), 11, computed);
            Assert.Equal(order + 1, terms.Length);
            for (int power = 0; power <= order; power++)
            {
                Assert.Equal(Math.Pow(11, power), terms.Sum(term => term.Weight * Math.Pow(term.Evaluation, power)), 1e-4 * Math.Pow(11, power));
            }

            Assert.NotEqual(Math.Pow(11, order + 1), terms.Sum(term => term.Weight * Math.Pow(term.Evaluation, order + 1)), 1);
        }
    }

    [Fact]
    public void Of_order_1_it_is_the_forecast_of_TaylorSeer()
    {
        CacheSchedule taylor = ScheduleRule.Parse("taylor:3:1", [.. Enumerable.Repeat(EvaluationRole.Cache, 12)], branches: 2);
        for (int e = 2; e < 12; e++)
        {
            int[] computed = [.. Enumerable.Range(0, e).Reverse().Where(source => taylor.Computes(source, 0))];
            if (!taylor.Computes(e, 0))
            {
                CacheTerm[] terms = Terms(Predictor.Polynomial(1), e, computed);
                Assert.Equal(taylor.Terms(e, 0).Select(term => term.Evaluation), terms.Select(term => term.Evaluation));
                Assert.All(terms.Zip(taylor.Terms(e, 0)), pair => Assert.Equal(pair.Second.Weight, pair.First.Weight, 1e-6f));
            }
        }
    }

    [Fact]
    public void Other_orders_are_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => Predictor.Polynomial(0));
        Assert.Throws<ArgumentOutOfRangeException>(() => Predictor.Polynomial(3));
    }

    private static CacheTerm[] Terms(Predictor predictor, int evaluation, int[] computed)
    {
        var terms = new CacheTerm[predictor.Depth];
        predictor.Write(evaluation, 0, computed.AsSpan(0, predictor.Depth), terms);
        return terms;
    }
}
