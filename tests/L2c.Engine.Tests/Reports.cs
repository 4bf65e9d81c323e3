namespace L2c.Engine.Tests;

/// <summary>Progress as it was reported, in order and on the thread that works.</summary>
internal sealed class Reports : IProgress<WorkProgress>
{
    public List<WorkProgress> All { get; } = [];

    public Action<WorkProgress>? Then { get; init; }

    public void Report(WorkProgress value)
    {
        All.Add(value);
        Then?.Invoke(value);
    }
}
