namespace L2c.Model.Metrics;

/// <summary>How precision and recall are computed.</summary>
public sealed record PrecisionRecallOptions
{
    /// <summary>k: a point's ball reaches its k-th neighbour.</summary>
    public int Neighbours { get; init; } = 3;

    /// <summary>Whether distances are rounded to binary16 block by block, as ADM's evaluator does; otherwise they are binary32 of binary32 products
    /// and binary64 norms.</summary>
    public bool HalfPrecision { get; init; }

    /// <summary>Rows and columns of a block, of which one distance that is too large for binary16 makes all binary32.</summary>
    public int HalfBlock { get; init; } = 10_000;

    /// <summary>Threads that compute; 0 for one per core. The result does not depend on them.</summary>
    public int Threads { get; init; }
}
