namespace L2c.Model.Training;

/// <summary>What may be chosen when a step that trains is planned. Results do not depend on it.</summary>
public sealed record TrainingPlanOptions
{
    /// <summary>
    /// Whether only what enters each block is kept for the backward pass, and a block's forward runs again before its backward: less memory for about
    /// a third more work in the student. Results are the same bit for bit on devices that store fp32.
    /// </summary>
    public bool Recompute { get; init; }
}
