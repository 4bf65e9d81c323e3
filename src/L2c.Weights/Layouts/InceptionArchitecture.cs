using System.Text.Json.Serialization;

namespace L2c.Weights.Layouts;

/// <summary>The Inception v3 of 2015-12-05 whose features FID is measured in. There is one such network: <see cref="InceptionStructure"/>.</summary>
/// <remarks>Source: Szegedy et al. 2015, "Rethinking the Inception Architecture for Computer Vision"; Heusel et al. 2017 for its use.</remarks>
public sealed record InceptionArchitecture : Architecture
{
    /// <summary>See <see cref="Architecture.Family"/>.</summary>
    public const string FamilyName = "inception";

    /// <inheritdoc/>
    [JsonIgnore]
    public override string Family => FamilyName;

    /// <inheritdoc/>
    public override string? FindProblem() => FindNameProblem();
}
