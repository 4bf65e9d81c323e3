using L2c.Weights;
using Spectre.Console;

namespace L2c.Cli.Output;

/// <summary>Progress of a long command on stderr, drawn only where a person watches it; remarks are printed wherever it is.</summary>
/// <param name="terminal">Where to draw.</param>
/// <param name="show">Whether the user wants to see it.</param>
internal sealed class ProgressBar(Terminal terminal, bool show) : IProgress<WorkProgress>, IDisposable
{
    private readonly IAnsiConsole? _console = show && terminal is { Interactive: true, IsQuiet: false }
        ? AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(terminal.Drawing) })
        : null;

    private Bar? _bar;

    /// <inheritdoc/>
    public void Report(WorkProgress value)
    {
        if (value.Remark is not null)
        {
            End();
            terminal.Remark(value.Remark);
        }

        if (value.Total == 0 || _console?.Profile.Capabilities.Interactive != true)
        {
            return;
        }

        if (_bar?.Work != value.Work)
        {
            End();
            _bar = new Bar(_console, value);
        }

        _bar.Set(value.Done);
        if (value.Done >= value.Total)
        {
            End();
        }
    }

    /// <summary>Takes the bar away.</summary>
    public void Dispose() => End();

    private void End()
    {
        _bar?.End();
        _bar = null;
    }

    /// <summary>One bar: the console draws it on a thread of its own, as long as its action runs.</summary>
    private sealed class Bar
    {
        private readonly TaskCompletionSource _end = new();
        private readonly TaskCompletionSource<ProgressTask> _task = new();
        private readonly Task _drawing;

        public Bar(IAnsiConsole console, WorkProgress progress)
        {
            Work = progress.Work;
            _drawing = Task.Run(() => console.Progress()
                .AutoClear(true)
                .Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), new RemainingTimeColumn())
                .Start(context =>
                {
                    _task.SetResult(context.AddTask(Markup.Escape(FileText.OneLine(progress.Work)), maxValue: progress.Total));
                    _end.Task.Wait();
                }));
        }

        public string Work { get; }

        public void Set(int done) => _task.Task.Result.Value = done;

        public void End()
        {
            _end.SetResult();
            _drawing.Wait();
        }
    }
}
