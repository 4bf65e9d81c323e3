namespace L2c;

/// <summary>A share of the uncached time that a schedule shall be found for. Image-free: classes are spread evenly, noise is the seed's.</summary>
public sealed record PlanRequest
{
    /// <summary>Model, sampler and batch; nothing is said about caching and the number of images.</summary>
    public SampleRequest Sample { get; init; } = new();

    /// <summary>Time of a run over that of the uncached one, above 0 and at most 1.</summary>
    public required double Budget { get; init; }

    /// <summary>Images that errors of decisions are measured on, and as many others that schedules are chosen by, at least 1; whole batches, so it may
    /// become more.</summary>
    public int Count { get; init; } = 8;

    /// <summary>Further images, of other noise, that the schedule is checked on; at least 1.</summary>
    public int CheckCount { get; init; } = 16;

    /// <summary>Rounds in which the schedule and the uncached run are timed in turn at the end, at least 1; an odd number is raised by one.</summary>
    public int Rounds { get; init; } = InterleavedTiming.DefaultRounds;

    /// <summary>Rounds before them that are not timed.</summary>
    public int WarmUp { get; init; } = InterleavedTiming.DefaultWarmUp;
}
