using System.Runtime.InteropServices;

namespace L2c.Model.Metrics;

/// <summary>What is made of distances, row by row: rows may come on several threads, each on one at a time.</summary>
internal interface IDistanceUse
{
    /// <summary>Takes distances of a row to neighbouring columns.</summary>
    void Take(int row, int firstColumn, ReadOnlySpan<float> distances);

    /// <summary>Remembers what has been made so far.</summary>
    void Save();

    /// <summary>Returns to what was remembered.</summary>
    void Restore();
}

/// <summary>The k + 1 smallest distances of each row.</summary>
internal sealed class NearestDistances : IDistanceUse
{
    private readonly int _kept;
    private readonly float[] _smallest; // [rows, k + 1], ascending
    private float[] _saved = [];

    public NearestDistances(int rows, int neighbours)
    {
        _kept = neighbours + 1;
        _smallest = new float[rows * _kept];
        Array.Fill(_smallest, float.PositiveInfinity);
    }

    /// <summary>Element k, from 0, of each row's sorted distances.</summary>
    public float[] Radii() => [.. Enumerable.Range(1, _smallest.Length / _kept).Select(row => _smallest[(row * _kept) - 1])];

    /// <inheritdoc/>
    public void Take(int row, int firstColumn, ReadOnlySpan<float> distances)
    {
        Span<float> smallest = _smallest.AsSpan(row * _kept, _kept);

        // As integers, which order numbers of at least 0 alike and are compared many at a time.
        ReadOnlySpan<int> bits = MemoryMarshal.Cast<float, int>(distances);
        int at = 0;
        while (smallest[^1] > 0 && bits[at..].IndexOfAnyInRange(0, BitConverter.SingleToInt32Bits(smallest[^1]) - 1) is >= 0 and var found)
        {
            float distance = distances[at + found];
            int place = _kept - 1;
            for (; place > 0 && smallest[place - 1] > distance; place--)
            {
                smallest[place] = smallest[place - 1];
            }

            smallest[place] = distance;
            at += found + 1;
        }
    }

    /// <inheritdoc/>
    public void Save() => _saved = [.. _smallest];

    /// <inheritdoc/>
    public void Restore() => _saved.CopyTo(_smallest, 0);
}

/// <summary>Which columns lie in the ball of a row, and which rows in the ball of a column.</summary>
internal sealed class BallCover(float[] rowRadii, float[] columnRadii) : IDistanceUse
{
    private (bool[] Rows, bool[] Columns) _saved = ([], []);

    public float[] RowRadii { get; } = rowRadii;

    public float[] ColumnRadii { get; } = columnRadii;

    public bool[] RowsCovered { get; } = new bool[rowRadii.Length];

    public bool[] ColumnsCovered { get; } = new bool[columnRadii.Length];

    /// <inheritdoc/>
    /// <remarks>Several threads may say of one column that it is covered; none says that it is not.</remarks>
    public void Take(int row, int firstColumn, ReadOnlySpan<float> distances)
    {
        float radius = RowRadii[row];
        ReadOnlySpan<float> radii = ColumnRadii.AsSpan(firstColumn, distances.Length);
        Span<bool> columns = ColumnsCovered.AsSpan(firstColumn, distances.Length);
        bool isCovered = RowsCovered[row];
        for (int i = 0; i < distances.Length; i++)
        {
            if (distances[i] <= radius)
            {
                columns[i] = true;
            }

            isCovered |= distances[i] <= radii[i];
        }

        RowsCovered[row] = isCovered;
    }

    /// <inheritdoc/>
    public void Save() => _saved = ([.. RowsCovered], [.. ColumnsCovered]);

    /// <inheritdoc/>
    public void Restore()
    {
        _saved.Rows.CopyTo(RowsCovered, 0);
        _saved.Columns.CopyTo(ColumnsCovered, 0);
    }
}
