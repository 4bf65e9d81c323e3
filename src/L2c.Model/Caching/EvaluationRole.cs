namespace L2c.Model.Caching;

/// <summary>What an evaluation is for in a cached run.</summary>
public enum EvaluationRole
{
    /// <summary>Computes every branch.</summary>
    Refresh,
    /// <summary>May reuse branch outputs of an earlier evaluation.</summary>
    Cache,
}

/// <summary>What becomes of one branch in one evaluation.</summary>
public enum BranchAction
{
    /// <summary>Computed.</summary>
    Compute,
    /// <summary>The output of the latest earlier evaluation that computed it is used.</summary>
    Reuse,
    /// <summary>Any other weighted sum of kept outputs is used.</summary>
    Forecast,
    /// <summary>Contributes nothing.</summary>
    Drop,
    /// <summary>Belongs to a segment that is replaced as a whole: <see cref="SegmentReplacement"/>.</summary>
    Segment,
}
