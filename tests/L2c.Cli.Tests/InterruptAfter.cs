namespace L2c.Cli.Tests;

/// <summary>Standard error that presses Ctrl-C when a text was written to it.</summary>
internal sealed class InterruptAfter(string text) : StringWriter
{
    private readonly CancellationTokenSource _source = new();

    public CancellationToken Token => _source.Token;

    public override void WriteLine(string? value)
    {
        base.WriteLine(value);
        if (value?.Contains(text, StringComparison.Ordinal) == true)
        {
            _source.Cancel();
        }
    }

    protected override void Dispose(bool disposing)
    {
        _source.Dispose();
        base.Dispose(disposing);
    }
}
