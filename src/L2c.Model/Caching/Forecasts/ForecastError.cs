namespace L2c.Model.Caching.Forecasts;

/// <summary>How far a branch's contributions are from what it would have computed, |contribution - output| / |output|, before the gate.</summary>
/// <param name="Reuse">Of its latest output as it is.</param>
/// <param name="Forecast">Of the forecast.</param>
public readonly record struct ForecastError(double Reuse, double Forecast)
{
    /// <summary>Over several branches and evaluations together: root of the sum of squares over that of squared norms.</summary>
    internal static ForecastError Of(IEnumerable<(ForecastMoments Moments, float[] Weights)> places)
    {
        double reuse = 0, forecast = 0, norm = 0;
        foreach ((ForecastMoments moments, float[] weights) in places)
        {
            reuse += moments.Left;
            forecast += LinearForecast.SquaredError(moments, weights);
            norm += moments.Norm;
        }

        // What is 0 everywhere is met exactly by any sum of zeros.
        return norm == 0 ? default : new ForecastError(Math.Sqrt(reuse / norm), Math.Sqrt(forecast / norm));
    }
}
