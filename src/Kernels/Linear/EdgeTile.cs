using System.Runtime.CompilerServices;

namespace L2c.Kernels;

/// <summary>The micro-kernel on tiles of any size: where rows or columns do not fill its registers, it works in scratch, and only what exists is
/// copied in and out.</summary>
internal static unsafe class EdgeTile
{
    /// <summary>Floats of the scratch.</summary>
    public static int ScratchFloats<V>()
        where V : unmanaged, IFloats<V> => MicroKernel.TallestTile<V>() * MicroKernel.PanelVectors * V.Count;

    /// <summary>A product whose rows of A are one run: <paramref name="a"/> is its <see cref="RowRun.First"/>, <paramref name="aRow"/> its
    /// <see cref="RowRun.Stride"/>, <paramref name="ahead"/> its <see cref="RowRun.Ahead"/>.</summary>
    public static void Multiply<V>(
        int rows, int columns, float* a, nint aRow, nint aStep, float* b, nint bSecond, nint bStep, int depth,
        float* start, nint startRow, float* c, nint cRow, float* ahead, nint aheadStep, float* scratch)
        where V : unmanaged, IFloats<V>
    {
        RowRun run = new(a, aRow, depth) { Ahead = ahead, AheadStep = aheadStep };
        TileOperands tile = new(&run, aStep, b, bSecond, bStep, start, startRow, c, cRow);
        Multiply<V>(rows, columns, tile, scratch);
    }

    /// <summary>c[i, j] = start[i, j] + sum_k a[i, k] b[k, j] for <paramref name="rows"/> rows by <paramref name="columns"/>, at most
    /// <see cref="MicroKernel.PanelVectors"/> vectors. Nothing else of c is written; rows of b are read up to a whole vector.
    /// <paramref name="scratch"/> has <see cref="ScratchFloats"/> values.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Multiply<V>(int rows, int columns, TileOperands tile, float* scratch)
        where V : unmanaged, IFloats<V>
    {
        int vectors = (columns + V.Count - 1) / V.Count, height = MicroKernel.TallestTile<V>();
        bool isWhole = columns == vectors * V.Count;
        for (int done; rows > 0; rows -= done, tile.MoveDown(done, done / height))
        {
            done = rows < height ? rows : rows / height * height;
            if (isWhole && done % 4 == 0)
            {
                MicroKernel.Multiply<V>(done, vectors, &tile);
            }
            else
            {
                done = Math.Min(done, height);
                MultiplyInScratch<V>(done, columns, vectors, tile, scratch);
            }
        }
    }

    private static void MultiplyInScratch<V>(int rows, int columns, int vectors, TileOperands tile, float* scratch)
        where V : unmanaged, IFloats<V>
    {
        nint width = vectors * V.Count, cRow = tile.CRow;
        float* c = tile.C;
        if (tile.Start != null)
        {
            CopyIn<V>(tile.Start, tile.StartRow, rows, columns, scratch, width);
            tile.Start = scratch;
            tile.StartRow = width;
        }

        tile.C = scratch;
        tile.CRow = width;
        MicroKernel.Multiply<V>(rows, vectors, &tile);
        CopyOut<V>(scratch, width, rows, columns, c, cRow);
    }

    // Rows that do not exist repeat the last one, as in the micro-kernel.
    private static void CopyIn<V>(float* start, nint startRow, int rows, int columns, float* scratch, nint width)
        where V : unmanaged, IFloats<V>
    {
        for (int i = 0; i < MicroKernel.TallestTile<V>(); i++, scratch += width)
        {
            for (int j = 0; j < columns; j += V.Count)
            {
                V.Store(Partial.Load<V>(start + Math.Min(i, rows - 1) * startRow + j, columns - j), scratch + j);
            }
        }
    }

    private static void CopyOut<V>(float* scratch, nint width, int rows, int columns, float* c, nint cRow)
        where V : unmanaged, IFloats<V>
    {
        for (int i = 0; i < rows; i++, c += cRow, scratch += width)
        {
            for (int j = 0; j < columns; j += V.Count)
            {
                Partial.Store(V.Load(scratch + j), c + j, columns - j);
            }
        }
    }
}
