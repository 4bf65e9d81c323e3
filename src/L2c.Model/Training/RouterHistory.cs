using L2c.Weights;

namespace L2c.Model.Training;

/// <summary>Logits at evenly spaced steps of a run, the first before training: at most <see cref="Max"/>, whatever its length.</summary>
/// <remarks>Kept are the multiples of an interval that begins at 1 and doubles when there is no room: what is kept depends on the step
/// alone.</remarks>
/// <param name="count">Logits of the router.</param>
public sealed class RouterHistory(int count)
{
    /// <summary>Snapshots at most.</summary>
    public const int Max = 32;

    private readonly List<float[]> _snapshots = [];

    /// <summary>Steps between snapshots: number i is of step i times this.</summary>
    public int Interval { get; private set; } = 1;

    /// <summary>The snapshots by step.</summary>
    public IReadOnlyList<float[]> Snapshots => _snapshots;

    /// <summary>Looks at the router after a step; 0 before the first.</summary>
    internal void Add(int step, ReadOnlySpan<float> logits)
    {
        if (step % Interval != 0)
        {
            return;
        }

        if (_snapshots.Count == Max)
        {
            Interval *= 2;
            float[][] kept = [.. _snapshots.Where((_, i) => i % 2 == 0)];
            _snapshots.Clear();
            _snapshots.AddRange(kept);
        }

        _snapshots.Add(logits.ToArray());
    }

    /// <summary>What a state holds of this.</summary>
    internal IEnumerable<StateEntry> Entries() =>
    [
        StateEntry.Of<int>("history.interval", [], () => new[] { Interval }),
        StateEntry.Of<float>("history", [_snapshots.Count, count], () => _snapshots.SelectMany(snapshot => snapshot).ToArray()),
    ];

    /// <summary>Restores what <see cref="Entries"/> wrote.</summary>
    /// <exception cref="MalformedFileException">Missing or damaged.</exception>
    internal void Restore(TensorFile file)
    {
        Span<int> interval = stackalloc int[1];
        TrainingState.Read(file, "history.interval", interval);
        int snapshots = file.Find("history") is { Shape: [var n, _] } && n is >= 1 and <= Max && interval[0] >= 1
            ? (int)n
            : throw new MalformedFileException(file.Path, "its history is malformed; take an older state");
        float[] values = new float[snapshots * count];
        TrainingState.Read<float>(file, "history", values);
        Interval = interval[0];
        _snapshots.Clear();
        _snapshots.AddRange(values.Chunk(count));
    }
}
