using System.Globalization;
using L2c.Cli.Output;
using L2c.Weights;
using Spectre.Console;

namespace L2c.Cli.Printing;

/// <summary>One line on standard error that tells where a run stands: redrawn where a person watches, otherwise printed at every
/// checkpoint and, in between, when the last one is half a minute old.</summary>
/// <param name="terminal">Where to.</param>
/// <param name="show">Whether the user wants it.</param>
/// <param name="announce">Whether the line before the first step is wanted, that says what is trained.</param>
/// <param name="describe">The figures of the last step in words.</param>
/// <param name="clock">The time.</param>
internal sealed class TrainingLine(
    Terminal terminal, bool show, bool announce, Func<IReadOnlyList<double>, string> describe, TimeProvider clock)
    : IProgress<TrainingProgress>, IDisposable
{
    // Steps that the mean time is taken over.
    private const int Window = 20;

    private static readonly TimeSpan _redraw = TimeSpan.FromMilliseconds(200), _pause = TimeSpan.FromSeconds(30);

    // A line that wraps could not be redrawn.
    private readonly int _room = !terminal.Interactive
        ? int.MaxValue
        : AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(terminal.Drawing) }).Profile.Width - 1;

    private readonly Queue<long> _times = [];
    private long _drawn, _printed = clock.GetTimestamp();
    private int _width;

    /// <inheritdoc/>
    public void Report(TrainingProgress value)
    {
        if (value.Remark is not null)
        {
            if (!value.IsOpening)
            {
                terminal.Remark(value.Remark);
            }
            else if (announce)
            {
                terminal.Remark($"{Program.Name}: {value.Remark}");
            }

            return;
        }

        if (!show || terminal.IsQuiet)
        {
            return;
        }

        long now = clock.GetTimestamp();
        _times.Enqueue(now);
        if (_times.Count > Window + 1)
        {
            _times.Dequeue();
        }

        if (terminal.Interactive && (value.IsSaved || clock.GetElapsedTime(_drawn, now) > _redraw))
        {
            string line = Line(value);
            line = line.Length > _room ? line[.._room] : line;

            // Numbers alone, so that nothing needs to be escaped; the return to the line's beginning must not be.
            PrintableWriter.Over(terminal.Err).Inner.Write($"\r{line.PadRight(_width)}");
            (_drawn, _width) = (now, line.Length);
        }
        else if (!terminal.Interactive && (value.IsSaved || clock.GetElapsedTime(_printed, now) >= _pause))
        {
            _printed = now;
            terminal.Err.WriteLine(Line(value));
        }
    }

    /// <summary>Ends the line.</summary>
    public void Dispose()
    {
        if (_width > 0)
        {
            terminal.Err.WriteLine();
            _width = 0;
        }
    }

    private string Line(TrainingProgress value)
    {
        string line = $"step {value.Step} of {value.MaxSteps}";
        if (_times.Count < 2)
        {
            return $"{line}: {describe(value.Metrics)}";
        }

        // The time before the figures: a narrow terminal cuts the end.
        double seconds = clock.GetElapsedTime(_times.Peek(), _times.Last()).TotalSeconds / (_times.Count - 1);
        var left = TimeSpan.FromSeconds(Math.Min(seconds * (value.MaxSteps - value.Step), TimeSpan.FromDays(9999).TotalSeconds));
        return line + string.Create(
            CultureInfo.InvariantCulture,
            $", {(int)left.TotalHours}:{left.Minutes:00}:{left.Seconds:00} left, {seconds:0.000} s per step: {describe(value.Metrics)}");
    }
}
