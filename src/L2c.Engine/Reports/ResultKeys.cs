namespace L2c;

/// <summary>What a result that is kept in a file has beside what <c>--json</c> prints, by its keys: what a report of it needs.</summary>
public static class ResultKeys
{
    /// <summary>The command line as it was typed, without the program's name.</summary>
    public const string Arguments = "arguments";

    /// <summary>The schedule, as a schedule file has it.</summary>
    public const string Schedule = "schedule";

    /// <summary>The program's version.</summary>
    public const string Version = "version";
}
