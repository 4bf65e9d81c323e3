namespace L2c.Kernels;

/// <summary>What the micro-kernel multiplies: c[i, j] = start[i, j] + sum_k a[i, k] b[k, j].</summary>
internal unsafe struct TileOperands(
    RowRun* runs, nint aStep, float* b, nint bSecond, nint bStep,
    float* start, nint startRow, float* c, nint cRow)
{
    /// <summary>Where the rows of A lie: runs of k that follow each other in the sum, up to <see cref="RowRun.IsLast"/>.</summary>
    public RowRun* Runs = runs;

    /// <summary>Places from a tile's first run to that of the tile below.</summary>
    public int RunsPerTile = 1;

    /// <summary>Elements from one k to the next in A.</summary>
    public readonly nint AStep = aStep;

    /// <summary>First element of B; columns of a vector are consecutive.</summary>
    public readonly float* B = b;

    /// <summary>Elements from there to the second of two vectors, which may lie elsewhere. Of three each follows the one before.</summary>
    public readonly nint BSecond = bSecond;

    /// <summary>Elements from one k to the next in B.</summary>
    public readonly nint BStep = bStep;

    /// <summary>First element of what the sums start from, at least as large as the tile; null for zeros. It may be <see cref="C"/>.</summary>
    public float* Start = start;

    /// <summary>Elements from one row of it to the next; 0 gives every row the same.</summary>
    public nint StartRow = startRow;

    /// <summary>First element of the tile; whole ones are written.</summary>
    public float* C = c;

    /// <summary>Elements from one row of the tile to the next. The rows below it are asked for while it is computed: that is where the next one is
    /// written, as a rule.</summary>
    public nint CRow = cRow;

    /// <summary>Of the sums.</summary>
    public Activation Activation;

    /// <summary>On to the rows below.</summary>
    /// <param name="rows">Rows of the tiles that are done.</param>
    /// <param name="tiles">How many they were.</param>
    public void MoveDown(int rows, int tiles)
    {
        Runs += tiles * RunsPerTile;
        Start = Start == null ? null : Start + rows * StartRow;
        C += rows * CRow;
    }
}
