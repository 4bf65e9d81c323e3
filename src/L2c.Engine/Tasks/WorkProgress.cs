namespace L2c;

/// <summary>Where a task stands. Reported after every step of it, from the thread that works.</summary>
/// <param name="Work">What is being done, in a few words; another text is another piece of work.</param>
/// <param name="Done">Steps of it that are done.</param>
/// <param name="Total">All its steps, at least 1; 0 for a report that is a remark alone.</param>
/// <param name="Remark">One line that a person should read now; null for none.</param>
public readonly record struct WorkProgress(string Work, int Done, int Total, string? Remark = null);
