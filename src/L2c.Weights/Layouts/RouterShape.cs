using System.Text.Json.Serialization;

namespace L2c.Weights.Layouts;

/// <summary>Which network's branches a Learning-to-Cache router was trained for.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<RouterTarget>))]
public enum RouterTarget
{
    /// <summary>A DiT sampled with DDIM.</summary>
    [JsonStringEnumMemberName(DitArchitecture.FamilyName)]
    Dit,

    /// <summary>A U-ViT sampled with DPM-Solver.</summary>
    [JsonStringEnumMemberName(UVitArchitecture.FamilyName)]
    UVit,
}

/// <summary>Shape of a Learning-to-Cache router: one raw logit per evaluation index and branch.</summary>
/// <remarks>Source: Ma et al. 2024, "Learning-to-Cache", section 3.3. Branch 2b is the attention of block b, 2b + 1 its MLP.</remarks>
public sealed record RouterShape : Architecture
{
    /// <summary>The value of <see cref="Family"/>.</summary>
    public const string FamilyName = "router";

    /// <inheritdoc/>
    [JsonIgnore]
    public override string Family => FamilyName;

    /// <summary>The kind of network that the router belongs to.</summary>
    public required RouterTarget Target { get; init; }

    /// <summary>Rows: the sampling steps N that the router was trained for.</summary>
    public required int Evaluations { get; init; }

    /// <summary>Columns: two per block.</summary>
    public required int Branches { get; init; }

    /// <inheritdoc/>
    public override string? FindProblem() =>
        FindNameProblem()
        ?? (Enum.IsDefined(Target) ? null : "target must be dit or uvit")
        ?? OutOfRange(nameof(Evaluations), Evaluations, 1, ReadLimits.ScheduleEvaluations)
        ?? OutOfRange(nameof(Branches), Branches, 2, 1026)
        ?? ((long)Evaluations * Branches <= ReadLimits.ScheduleBranches
            ? null
            : $"{Evaluations} evaluations of {Branches} branches are more than {ReadLimits.ScheduleBranches}")
        ?? (Branches % 2 == 0 ? null : $"branches {Branches} is odd, but every block has two");
}
