using L2c.Model.Accounting;

namespace L2c;

/// <summary>One way to sample that a sweep compares.</summary>
/// <param name="Rule"><c>none</c>, <c>learned</c>, <c>steps</c>, or the name of a rule.</param>
/// <param name="Parameter">What the rule was told; empty where nothing.</param>
/// <param name="Job">The run: its request has the steps and the schedule.</param>
/// <param name="Cost">Its multiply-accumulates.</param>
public sealed record SweepRow(string Rule, string Parameter, SampleJob Job, RunCost Cost)
{
    /// <summary>Evaluations.</summary>
    public int Steps => Job.Sampler.Evaluations.Count;

    /// <summary>Multiply-accumulates of the run for one image and one half of guidance, attention products included.</summary>
    public long Macs => Cost.MacsAfter;

    /// <summary>For messages.</summary>
    public string Name => Parameter.Length == 0 ? $"{Rule}, {Steps} steps" : $"{Rule} {Parameter}, {Steps} steps";

    /// <summary>Whether another row makes the same samples.</summary>
    public bool SamplesAs(SweepRow other) => Steps == other.Steps && Job.Schedule.Equals(other.Job.Schedule);
}
