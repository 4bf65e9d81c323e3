using L2c.Model.Caching;
using L2c.Model.Caching.Forecasts;

namespace L2c.Model.Planning;

/// <summary>
/// A learned forecast: weights of the latest K outputs, fitted for each evaluation, branch and choice of outputs apart to the runs whose inner
/// products are known.
/// </summary>
/// <remarks>
/// <see cref="LinearForecast"/> with D_k . D_j = F_k . F_j - F_k . F_1 - F_1 . F_j + F_1 . F_1 and r likewise: sums of inner products of outputs, so
/// that nothing is sampled for it.
/// </remarks>
/// <param name="gram">Inner products of outputs.</param>
/// <param name="terms">K, at least 2.</param>
internal sealed class FittedPredictor(OutputGram gram, int terms) : Predictor
{
    /// <inheritdoc/>
    public override string Name => $"fitted {terms}";

    /// <inheritdoc/>
    public override int Depth => terms;

    /// <inheritdoc/>
    public override void Write(int evaluation, int branch, ReadOnlySpan<int> computed, Span<CacheTerm> terms)
    {
        int n = Depth - 1, latest = computed[0];
        Span<double> products = stackalloc double[n * n], a = stackalloc double[n];
        for (int i = 0; i < n; i++)
        {
            a[i] = Product(computed[i + 1], evaluation);
            for (int j = 0; j <= i; j++)
            {
                products[(i * n) + j] = Product(computed[i + 1], computed[j + 1]);
            }
        }

        LinearForecast.Solve(products, a, ForecastFit.DefaultRidge);
        double rest = 1;
        for (int i = 0; i < n; i++)
        {
            terms[i + 1] = new CacheTerm(computed[i + 1], (float)a[i]);
            rest -= a[i];
        }

        terms[0] = new CacheTerm(latest, (float)rest);

        // Of differences from the latest output.
        double Product(int one, int other) =>
            gram.Product(branch, one, other) - gram.Product(branch, one, latest)
            - gram.Product(branch, latest, other) + gram.Product(branch, latest, latest);
    }
}
