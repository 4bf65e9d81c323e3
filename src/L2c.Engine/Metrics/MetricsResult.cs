using System.Text.Json.Serialization;

namespace L2c;

/// <summary>FID, sFID, Inception Score, precision and recall. What the inputs do not give is null, and <see cref="Missing"/> says why.</summary>
/// <param name="Samples">The generated set.</param>
/// <param name="SampleImages">Its images; null where it is statistics alone.</param>
/// <param name="Reference">The real set.</param>
/// <param name="ReferenceImages">Its images; null likewise.</param>
/// <param name="Features">Name of the features, as <c>inception-2015-12-05/adm</c>.</param>
/// <param name="Missing">Of each metric that is null, why: by the name it has in JSON.</param>
/// <param name="Device">What computed features; null where nothing did.</param>
/// <param name="Dtype">Its storage type; null likewise.</param>
public sealed record MetricsResult(
    string Samples,
    int? SampleImages,
    string Reference,
    int? ReferenceImages,
    string Features,
    IReadOnlyDictionary<string, string> Missing,
    string? Device,
    string? Dtype)
{
    /// <summary>Fréchet distance of the pool features.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public double? Fid { get; init; }

    /// <summary>Fréchet distance of the spatial features.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public double? Sfid { get; init; }

    /// <summary>Inception Score of the samples: mean over splits of 5000.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public double? InceptionScore { get; init; }

    /// <summary>Share of samples among the reference.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public double? Precision { get; init; }

    /// <summary>Share of the reference that the samples reach.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public double? Recall { get; init; }
}
