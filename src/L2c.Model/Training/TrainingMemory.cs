namespace L2c.Model.Training;

/// <summary>One part of a step's memory.</summary>
/// <param name="Name">What it is for: <c>weights</c>, <c>cached branch outputs</c>.</param>
/// <param name="Bytes">Alignment included.</param>
public sealed record MemoryPart(string Name, long Bytes);

/// <summary>Memory of a training step by part: what is allocated, counted by the code that carves it.</summary>
/// <param name="Parts">In the order of carving.</param>
public sealed record TrainingMemory(IReadOnlyList<MemoryPart> Parts)
{
    /// <summary>All of it.</summary>
    public long TotalBytes => Parts.Sum(part => part.Bytes);
}
