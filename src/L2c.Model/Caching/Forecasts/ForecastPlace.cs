namespace L2c.Model.Caching.Forecasts;

/// <summary>A branch that an evaluation does not compute: what it contributes instead, and how well.</summary>
/// <param name="Evaluation">The evaluation.</param>
/// <param name="Branch">The branch.</param>
/// <param name="Sources">Evaluations whose outputs are weighted, the latest first.</param>
/// <param name="Weights">One for each of them.</param>
/// <param name="Fitted">Errors on the images that the weights were fitted to.</param>
/// <param name="HeldOut">Errors on others.</param>
public sealed record ForecastPlace(
    int Evaluation, int Branch, IReadOnlyList<int> Sources, IReadOnlyList<float> Weights, ForecastError Fitted, ForecastError HeldOut);
