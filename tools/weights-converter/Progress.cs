using System.Diagnostics;

namespace WeightsConverter;

/// <summary>A line on the terminal that is redrawn at most ten times a second and disappears at the end.</summary>
/// <param name="terminal">The terminal, or null to draw nothing.</param>
/// <param name="what">What is being done.</param>
/// <param name="totalBytes">Bytes at 100 %.</param>
internal sealed class Progress(TextWriter? terminal, string what, long totalBytes) : IDisposable
{
    private static readonly TimeSpan _interval = TimeSpan.FromMilliseconds(100);

    private readonly Stopwatch _sinceDrawn = Stopwatch.StartNew();
    private long _doneBytes;
    private int _width;

    /// <summary>Counts bytes.</summary>
    public void Advance(long bytes)
    {
        _doneBytes += bytes;
        if (terminal is null || _sinceDrawn.Elapsed < _interval)
        {
            return;
        }

        string line = $"{what}: {100.0 * _doneBytes / Math.Max(1, totalBytes):F0} % of {totalBytes / 1e6:F0} MB";
        terminal.Write($"\r{line.PadRight(_width)}");
        _width = line.Length;
        _sinceDrawn.Restart();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_width > 0)
        {
            terminal!.Write($"\r{new string(' ', _width)}\r");
        }
    }
}
