using System.Diagnostics;
using L2c.Kernels;

namespace L2c;

/// <summary>When each op of a run started and ended, for several runs; recording allocates nothing.</summary>
internal sealed class ProfileRecorder
{
    private readonly long[][] _starts;
    private readonly long[][] _ends;
    private int _repeat;
    private int _op;

    /// <summary>Makes room.</summary>
    /// <param name="ops">The ops of one run, in order.</param>
    /// <param name="repeats">Runs that will be recorded.</param>
    /// <param name="warmUps">Runs before them that will not.</param>
    public ProfileRecorder(IReadOnlyList<OpInfo> ops, int repeats, int warmUps)
    {
        (Ops, _repeat) = (ops, -1 - warmUps);
        _starts = [.. Enumerable.Range(0, repeats).Select(_ => new long[ops.Count])];
        _ends = [.. Enumerable.Range(0, repeats).Select(_ => new long[ops.Count])];
    }

    /// <summary>The ops of one run, in order.</summary>
    public IReadOnlyList<OpInfo> Ops { get; }

    /// <summary>Starts the next run.</summary>
    public void NextRun() => (_repeat, _op) = (_repeat + 1, 0);

    /// <summary>Notes the run's next op.</summary>
    public void Record(long startTicks, long endTicks)
    {
        if (_repeat >= 0)
        {
            (_starts[_repeat][_op], _ends[_repeat][_op++]) = (startTicks, endTicks);
        }
    }

    /// <summary>Start and end of an op in a run, in nanoseconds since the run's first op.</summary>
    public (long Start, long End) Nanoseconds(int repeat, int op) =>
        (Since(_starts[repeat][op], repeat), Since(_ends[repeat][op], repeat));

    /// <summary>Median time of an op over the runs, in milliseconds.</summary>
    public double MedianMs(int op) =>
        Quartiles.Of(Enumerable.Range(0, _starts.Length).Select(r => (_ends[r][op] - _starts[r][op]) * 1e3 / Stopwatch.Frequency)).Median;

    /// <summary>The run of median length, the earlier of two: what a trace shows.</summary>
    public int TypicalRun => Enumerable.Range(0, _starts.Length).OrderBy(r => _ends[r][^1] - _starts[r][0]).ElementAt((_starts.Length - 1) / 2);

    private long Since(long ticks, int repeat) => (long)((ticks - _starts[repeat][0]) * (1e9 / Stopwatch.Frequency));
}
