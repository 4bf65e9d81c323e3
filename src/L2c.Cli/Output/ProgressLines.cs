using System.Diagnostics;
using System.Globalization;
using L2c.Weights;

namespace L2c.Cli.Output;

/// <summary>Progress of a long command as lines on stderr, for a log: one when a piece of work of several steps begins, then one every few seconds.
/// Remarks are printed in between.</summary>
/// <param name="terminal">Where to print.</param>
/// <param name="show">Whether the user wants to see it.</param>
internal sealed class ProgressLines(Terminal terminal, bool show) : IProgress<WorkProgress>
{
    private static readonly TimeSpan _pause = TimeSpan.FromSeconds(10);

    private string? _work;
    private int _first;
    private long _began, _printed;

    /// <inheritdoc/>
    public void Report(WorkProgress value)
    {
        terminal.Remark(value.Remark);
        if (!show || terminal.IsQuiet || value.Total <= 1)
        {
            return;
        }

        long now = Stopwatch.GetTimestamp();
        if (value.Work != _work)
        {
            (_work, _first, _began) = (value.Work, value.Done, now);
        }
        else if (Stopwatch.GetElapsedTime(_printed, now) < _pause)
        {
            return;
        }

        _printed = now;
        terminal.Err.WriteLine(Line(value, Stopwatch.GetElapsedTime(_began, now)));
    }

    private string Line(WorkProgress value, TimeSpan elapsed)
    {
        string line = string.Create(CultureInfo.InvariantCulture, $"{FileText.OneLine(value.Work)}: {value.Done} of {value.Total}");
        if (value.Done == _first)
        {
            return line;
        }

        TimeSpan left = elapsed / (value.Done - _first) * (value.Total - value.Done);
        return line + string.Create(CultureInfo.InvariantCulture, $", {(int)left.TotalHours}:{left.Minutes:00}:{left.Seconds:00} left");
    }
}
