using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace L2c.Model.Metrics;

/// <summary>Some rows of a matrix in binary64, in panels of eight columns: the operand of <see cref="TransposedProduct"/>.</summary>
/// <remarks>Panel p holds columns 8 p to 8 p + 7 of all rows, one cache line a row, so that a product reads memory in order.</remarks>
internal sealed class PackedRows
{
    /// <summary>Columns of a panel.</summary>
    public const int PanelColumns = 8;

    /// <summary>Rows that are multiplied together: their panels fit the caches, and the result is read and written once for so many.</summary>
    public const int RowsAtOnce = 256;

    private readonly int _panelLength;

    /// <summary>Makes room.</summary>
    /// <param name="columns">Columns of the matrix; those up to a multiple of two panels are 0.</param>
    /// <param name="capacity">Rows at most.</param>
    public PackedRows(int columns, int capacity = RowsAtOnce)
    {
        (Columns, Capacity, Pitch) = (columns, capacity, PitchOf(columns));

        // An odd number of lines from panel to panel: a power of two would send all panels of a row to the same few sets of the cache.
        _panelLength = PanelColumns * (capacity | 1);
        Values = new double[Pitch / PanelColumns * _panelLength];
    }

    /// <summary>Columns of the matrix.</summary>
    public int Columns { get; }

    /// <summary>Rows that there is room for.</summary>
    public int Capacity { get; }

    /// <summary>Rows that are there.</summary>
    public int Rows { get; private set; }

    /// <summary>Columns of a result: a multiple of two panels.</summary>
    public int Pitch { get; }

    /// <summary>All panels.</summary>
    public double[] Values { get; }

    /// <summary>Columns that a product of a matrix of so many has.</summary>
    public static int PitchOf(int columns) => (columns + (2 * PanelColumns) - 1) / (2 * PanelColumns) * 2 * PanelColumns;

    /// <summary>Where a panel begins.</summary>
    public int Start(int panel) => panel * _panelLength;

    /// <summary>Forgets the rows.</summary>
    public void Clear() => Rows = 0;

    /// <summary>Appends a row: (value - shift) scale.</summary>
    /// <param name="row">[columns].</param>
    /// <param name="shift">[columns].</param>
    /// <param name="scale">A factor of all.</param>
    /// <typeparam name="T">float or double.</typeparam>
    public void Add<T>(ReadOnlySpan<T> row, ReadOnlySpan<double> shift, double scale = 1)
        where T : unmanaged
    {
        int at = PanelColumns * Rows++;
        int whole = Columns / PanelColumns * PanelColumns;
        ref double target = ref MemoryMarshal.GetArrayDataReference(Values);
        ref double from = ref MemoryMarshal.GetReference(shift);
        ref T source = ref MemoryMarshal.GetReference(row);
        var factor = Vector256.Create(scale);
        for (int column = 0; column < whole; column += PanelColumns, at += _panelLength)
        {
            (Vector256<double> low, Vector256<double> high) = Load(ref Unsafe.Add(ref source, column));
            ((low - Vector256.LoadUnsafe(ref from, (nuint)column)) * factor).StoreUnsafe(ref target, (nuint)at);
            ((high - Vector256.LoadUnsafe(ref from, (nuint)column + 4)) * factor).StoreUnsafe(ref target, (nuint)at + 4);
        }

        for (int column = whole; column < Columns; column++)
        {
            double value = typeof(T) == typeof(float) ? (float)(object)row[column] : (double)(object)row[column];
            Values[at + column - whole] = (value - shift[column]) * scale;
        }
    }

    /// <summary>Appends rows of a matrix.</summary>
    /// <param name="matrix">Its elements.</param>
    /// <param name="pitch">Elements from row to row.</param>
    /// <param name="first">First row.</param>
    /// <param name="count">Rows.</param>
    /// <param name="scale">A factor of all.</param>
    public void AddRows(double[] matrix, int pitch, int first, int count, double scale = 1)
    {
        double[] noShift = new double[Columns];
        for (int row = first; row < first + count; row++)
        {
            Add<double>(matrix.AsSpan(row * pitch, Columns), noShift, scale);
        }
    }

    /// <summary>Appends columns of a matrix of <see cref="Columns"/> rows, each as a row.</summary>
    /// <param name="matrix">Its elements.</param>
    /// <param name="pitch">Elements from row to row.</param>
    /// <param name="first">First column.</param>
    /// <param name="count">Columns.</param>
    public void AddColumns(double[] matrix, int pitch, int first, int count)
    {
        for (int row = 0; row < Columns; row++)
        {
            int at = Start(row / PanelColumns) + (row % PanelColumns) + (PanelColumns * Rows);
            for (int column = first; column < first + count; column++, at += PanelColumns)
            {
                Values[at] = matrix[(row * pitch) + column];
            }
        }

        Rows += count;
    }

    private static (Vector256<double> Low, Vector256<double> High) Load<T>(ref T source)
        where T : unmanaged => typeof(T) == typeof(float)
            ? Vector256.Widen(Vector256.LoadUnsafe(ref Unsafe.As<T, float>(ref source)))
            : (Vector256.LoadUnsafe(ref Unsafe.As<T, double>(ref source)), Vector256.LoadUnsafe(ref Unsafe.As<T, double>(ref source), 4));
}
