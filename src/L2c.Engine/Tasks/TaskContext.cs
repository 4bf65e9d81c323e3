namespace L2c;

/// <summary>What runs through a task beside its request: whom to tell, when to stop.</summary>
/// <param name="Progress">Told of every step and remark; null for nobody.</param>
/// <param name="Cancel">Cancelled to stop early.</param>
internal sealed record TaskContext(IProgress<WorkProgress>? Progress, CancellationToken Cancel)
{
    /// <summary>Begins a piece of work.</summary>
    /// <param name="work">What is done.</param>
    /// <param name="total">Its steps.</param>
    /// <param name="done">Steps that an earlier task has done.</param>
    /// <returns>To be called once per step.</returns>
    public Action Begin(string work, int total, int done = 0)
    {
        if (Progress is null)
        {
            return () => { };
        }

        Progress.Report(new WorkProgress(work, done, total));
        return () => Progress.Report(new WorkProgress(work, ++done, total));
    }

    /// <summary>Tells a person something.</summary>
    /// <param name="line">As <c>warning: ...</c> or <c>note: ...</c>.</param>
    public void Remark(string line) => Progress?.Report(new WorkProgress("", 0, 0, line));
}
