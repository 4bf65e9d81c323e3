using System.Diagnostics;
using System.Globalization;
using L2c.Kernels;
using L2c.Model.Runs;

namespace L2c.Bench.Training;

/// <summary>Time of a router step by op and by pass: refresh, teacher, student, backward.</summary>
internal sealed class OpTimes
{
    private static readonly string[] _passes = ["refresh", "teacher", "student", "backward"];

    private readonly SortedDictionary<string, double[][]> _byOp = [];

    /// <summary>Observes so many runs.</summary>
    /// <param name="run">Runs once under observation.</param>
    /// <param name="rounds">How many.</param>
    public static OpTimes Of(Action<RunObserver> run, int rounds)
    {
        OpTimes times = new();
        for (int round = 0; round < rounds; round++)
        {
            int now = round;
            run((in OpInfo op, long start, long end) => times.Note(op, rounds, now, Stopwatch.GetElapsedTime(start, end).TotalMilliseconds));
        }

        return times;
    }

    /// <summary>A Markdown table, ops by their time.</summary>
    public string Describe()
    {
        var rows = _byOp.Select(op => (op.Key, Times: Array.ConvertAll(op.Value, times => Quartiles.Of(times).Median)))
            .OrderByDescending(row => row.Times.Sum()).ToList();
        rows.Add(("all", [.. _passes.Select((_, pass) => rows.Sum(row => row.Times[pass]))]));
        IEnumerable<string> lines = rows.Select(row => $"| {row.Key} | {string.Join(" | ", row.Times.Append(row.Times.Sum()).Select(Number))} |");
        return string.Join('\n', [$"| op | {string.Join(" | ", _passes)} | sum |", "|---|---:|---:|---:|---:|---:|", .. lines]);

        static string Number(double value) => value == 0 ? "" : value.ToString("0.00", CultureInfo.InvariantCulture);
    }

    private void Note(in OpInfo op, int rounds, int round, double milliseconds)
    {
        if (!_byOp.TryGetValue(op.Name, out double[][]? passes))
        {
            _byOp.Add(op.Name, passes = [.. _passes.Select(_ => new double[rounds])]);
        }

        passes[op.Scope.Evaluation][round] += milliseconds;
    }
}
