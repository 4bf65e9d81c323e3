using L2c.Model.Caching.Forecasts;

namespace L2c;

/// <summary>Which forecasts are fitted to which images.</summary>
public sealed record ForecastRequest
{
    /// <summary>Images of either kind unless something else is asked for.</summary>
    public const int DefaultImages = 32;

    /// <summary>Sampler, steps, guidance, classes, seed, and the schedule whose branches that are not computed are forecast. Its number of images is not
    /// read.</summary>
    public required SampleRequest Sample { get; init; }

    /// <summary>Images that weights are fitted to: the first ones of the seed.</summary>
    public int Images { get; init; } = DefaultImages;

    /// <summary>Images that the forecast is tried on: the first ones of the next seed.</summary>
    public int HeldOut { get; init; } = DefaultImages;

    /// <summary>K: earlier outputs that a forecast weighs, at most.</summary>
    public int Terms { get; init; } = ForecastFit.DefaultTerms;

    /// <summary>How strongly weights are pulled towards plain reuse, see <see cref="ForecastFit"/>.</summary>
    public double Ridge { get; init; } = ForecastFit.DefaultRidge;
}
