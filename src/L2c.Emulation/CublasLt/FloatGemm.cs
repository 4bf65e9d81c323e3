using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;

namespace L2c.Emulation;

/// <summary>Y = A B in fp32: each element is one chain of fused multiply-adds in the order of k, whatever shape and threads are.</summary>
internal static unsafe class FloatGemm
{
    private const int TileColumns = 4;
    private const long ParallelFrom = 1L << 20;

    /// <summary>Rows of A that lie side by side in a panel.</summary>
    public static int PanelRows => 3 * Vector<float>.Count;

    /// <summary>Multiplies.</summary>
    /// <param name="panels">A: panels of <see cref="PanelRows"/> rows, each [K, rows], the last one filled up with anything finite.</param>
    /// <param name="columns">B: [N, K].</param>
    /// <param name="result">Y: [N, M].</param>
    /// <param name="m">Rows of A.</param>
    /// <param name="n">Columns of B.</param>
    /// <param name="k">Columns of A.</param>
    public static void Multiply(float* panels, float* columns, float* result, int m, int n, int k)
    {
        int count = (m + PanelRows - 1) / PanelRows;
        ForEach(count, (long)m * n * k, panel =>
        {
            int first = panel * PanelRows, rows = Math.Min(PanelRows, m - first);
            float* tile = stackalloc float[TileColumns * PanelRows];
            for (int column = 0; column < n; column += TileColumns)
            {
                int width = Math.Min(TileColumns, n - column);
                Tile(panels + (long)first * k, columns + (long)column * k, width, k, tile);
                for (int i = 0; i < width; i++)
                {
                    new ReadOnlySpan<float>(tile + i * PanelRows, rows).CopyTo(new Span<float>(result + (long)(column + i) * m + first, rows));
                }
            }
        });
    }

    /// <summary>A loop over independent parts, on several threads when there is enough to do; what a part throws comes out as it is.</summary>
    public static void ForEach(int count, long work, Action<int> part)
    {
        if (work >= ParallelFrom)
        {
            try
            {
                _ = Parallel.For(0, count, part);
            }
            catch (AggregateException e)
            {
                ExceptionDispatchInfo.Throw(e.InnerExceptions[0]);
            }

            return;
        }

        for (int i = 0; i < count; i++)
        {
            part(i);
        }
    }

    // Twelve accumulators, so that the multiply-adds of one do not wait for each other. Missing columns repeat the first.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile(float* a, float* b, int width, int k, float* tile)
    {
        float* b1 = width > 1 ? b + k : b, b2 = width > 2 ? b + 2L * k : b, b3 = width > 3 ? b + 3L * k : b;
        int lanes = Vector<float>.Count;
        Vector<float> c00 = default, c01 = default, c02 = default, c10 = default, c11 = default, c12 = default;
        Vector<float> c20 = default, c21 = default, c22 = default, c30 = default, c31 = default, c32 = default;
        for (int i = 0; i < k; i++, a += 3 * lanes)
        {
            Vector<float> a0 = Vector.Load(a), a1 = Vector.Load(a + lanes), a2 = Vector.Load(a + 2 * lanes);
            var x = new Vector<float>(b[i]);
            c00 = Vector.FusedMultiplyAdd(a0, x, c00);
            c01 = Vector.FusedMultiplyAdd(a1, x, c01);
            c02 = Vector.FusedMultiplyAdd(a2, x, c02);
            x = new Vector<float>(b1[i]);
            c10 = Vector.FusedMultiplyAdd(a0, x, c10);
            c11 = Vector.FusedMultiplyAdd(a1, x, c11);
            c12 = Vector.FusedMultiplyAdd(a2, x, c12);
            x = new Vector<float>(b2[i]);
            c20 = Vector.FusedMultiplyAdd(a0, x, c20);
            c21 = Vector.FusedMultiplyAdd(a1, x, c21);
            c22 = Vector.FusedMultiplyAdd(a2, x, c22);
            x = new Vector<float>(b3[i]);
            c30 = Vector.FusedMultiplyAdd(a0, x, c30);
            c31 = Vector.FusedMultiplyAdd(a1, x, c31);
            c32 = Vector.FusedMultiplyAdd(a2, x, c32);
        }

        Store(tile, c00, c01, c02);
        Store(tile + 3 * lanes, c10, c11, c12);
        Store(tile + 6 * lanes, c20, c21, c22);
        Store(tile + 9 * lanes, c30, c31, c32);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(float* tile, Vector<float> x, Vector<float> y, Vector<float> z)
    {
        Vector.Store(x, tile);
        Vector.Store(y, tile + Vector<float>.Count);
        Vector.Store(z, tile + 2 * Vector<float>.Count);
    }
}
