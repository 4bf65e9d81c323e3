using System.Diagnostics;
using System.Globalization;
using L2c.Cli.Output;
using Spectre.Console;

namespace L2c.Cli.Training;

/// <summary>One line on standard error that tells where a run stands: redrawn where a person watches, otherwise printed at every
/// checkpoint.</summary>
/// <param name="terminal">Where to.</param>
/// <param name="show">Whether the user wants it.</param>
/// <param name="maxSteps">Steps of the whole run.</param>
/// <param name="describe">The figures of the last step in words.</param>
internal sealed class TrainingProgress(Terminal terminal, bool show, int maxSteps, Func<string> describe)
{
    // Steps that the mean time is taken over.
    private const int Window = 20;

    // A line that wraps could not be redrawn.
    private readonly int _room = !terminal.Interactive
        ? int.MaxValue
        : AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(terminal.Err) }).Profile.Width - 1;

    private readonly Queue<long> _times = [];
    private long _drawn;
    private int _width;

    /// <summary>A step is done.</summary>
    public void Advance(int step, bool isCheckpoint)
    {
        if (!show)
        {
            return;
        }

        long now = Stopwatch.GetTimestamp();
        _times.Enqueue(now);
        if (_times.Count > Window + 1)
        {
            _times.Dequeue();
        }

        if (terminal.Interactive && (isCheckpoint || Stopwatch.GetElapsedTime(_drawn, now) > TimeSpan.FromMilliseconds(200)))
        {
            string line = Line(step);
            line = line.Length > _room ? line[.._room] : line;
            terminal.Err.Write($"\r{line.PadRight(_width)}");
            (_drawn, _width) = (now, line.Length);
        }
        else if (!terminal.Interactive && isCheckpoint)
        {
            terminal.Err.WriteLine(Line(step));
        }
    }

    /// <summary>Ends the line.</summary>
    public void End()
    {
        if (_width > 0)
        {
            terminal.Err.WriteLine();
            _width = 0;
        }
    }

    private string Line(int step)
    {
        string line = $"step {step} of {maxSteps}";
        if (_times.Count < 2)
        {
            return $"{line}: {describe()}";
        }

        // The time before the figures: a narrow terminal cuts the end.
        double seconds = Stopwatch.GetElapsedTime(_times.Peek(), _times.Last()).TotalSeconds / (_times.Count - 1);
        var left = TimeSpan.FromSeconds(Math.Min(seconds * (maxSteps - step), TimeSpan.FromDays(9999).TotalSeconds));
        return line + string.Create(
            CultureInfo.InvariantCulture,
            $", {(int)left.TotalHours}:{left.Minutes:00}:{left.Seconds:00} left, {seconds:0.000} s per step: {describe()}");
    }
}
