using Spectre.Console;

namespace L2c.Cli.Output;

/// <summary>Progress of a long command on stderr, drawn only where a person watches it.</summary>
internal static class ProgressBar
{
    /// <summary>Runs work that reports its steps.</summary>
    /// <param name="terminal">Where to draw.</param>
    /// <param name="show">Whether the user wants to see it.</param>
    /// <param name="title">What is done.</param>
    /// <param name="total">Number of steps.</param>
    /// <param name="work">Calls its argument once per step.</param>
    public static void Run(Terminal terminal, bool show, string title, int total, Action<Action> work)
    {
        IAnsiConsole? console = show && terminal.Interactive
            ? AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(terminal.Err) })
            : null;
        if (console?.Profile.Capabilities.Interactive != true)
        {
            work(() => { });
            return;
        }

        console.Progress()
            .AutoClear(true)
            .Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), new RemainingTimeColumn())
            .Start(context =>
            {
                ProgressTask task = context.AddTask(Markup.Escape(title), maxValue: total);
                work(() => task.Increment(1));
            });
    }
}
