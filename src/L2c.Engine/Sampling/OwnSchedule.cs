using L2c.Model.Caching;

namespace L2c;

/// <summary>A schedule that a program makes itself, or a rule that makes one for any network and sampler.</summary>
/// <param name="Name">What results and files call it.</param>
/// <param name="Make">
/// The schedule of a run, from the roles of its evaluations in the published method and the number of the network's branches:
/// <see cref="CacheSchedule.Reusing"/>. It may give the evaluations other roles. An <see cref="ArgumentException"/> of it becomes a
/// <see cref="RequestException"/>.
/// </param>
public sealed record OwnSchedule(string Name, Func<IReadOnlyList<EvaluationRole>, int, CacheSchedule> Make)
{
    /// <summary>One schedule, which fits runs of as many evaluations and branches.</summary>
    /// <param name="name">What results and files call it.</param>
    /// <param name="schedule">The schedule.</param>
    public OwnSchedule(string name, CacheSchedule schedule)
        : this(name, (_, _) => schedule)
    {
    }
}
