using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace L2c.Model.Metrics;

/// <summary>C += XᵀY in binary64 on the host, for statistics of features and the factors of their covariances.</summary>
/// <remarks>
/// Numerics each entry is one chain of fused multiply-adds in the order of the rows, whatever the vectors, the threads and how the rows were cut into
///          blocks: the same bits always.
/// Speed    tiles of 8 x 16 entries stay in registers (of 4 x 8 where vectors have 256 bits) while the rows pass.
/// </remarks>
internal static class TransposedProduct
{
    private const int Panel = PackedRows.PanelColumns;
    private const int Half = Panel / 2;

    // Below so many multiply-adds, starting threads costs more than they save.
    private const long SerialWork = 1 << 18;

    /// <summary>Adds the product.</summary>
    /// <param name="x">[rows, m].</param>
    /// <param name="y">[rows, n].</param>
    /// <param name="result">[m up to a multiple of 8, <paramref name="pitch"/>].</param>
    /// <param name="pitch">Elements from row to row of the result; at least those of <paramref name="y"/>.</param>
    /// <param name="threads">Threads that compute; 0 for one per core.</param>
    /// <param name="upper">Whether only entries on and above the diagonal are wanted; some below it are computed, too.</param>
    /// <param name="first">First row and column of the result that is wanted; some before it are computed, too.</param>
    public static void Add(PackedRows x, PackedRows y, double[] result, int pitch, int threads, bool upper = false, int first = 0)
    {
        int rowPanels = (x.Columns + Panel - 1) / Panel, columnPairs = y.Pitch / (2 * Panel), rows = x.Rows;
        int firstPair = first / (2 * Panel), firstPanel = 2 * firstPair;
        long work = (long)rows * x.Columns * y.Columns;
        ParallelOptions options = new() { MaxDegreeOfParallelism = work < SerialWork ? 1 : threads == 0 ? -1 : threads };
        Parallel.For(firstPair, columnPairs, options, pair =>
        {
            int end = upper ? Math.Min(rowPanels, (2 * pair) + 2) : rowPanels;
            ref double left = ref MemoryMarshal.GetArrayDataReference(x.Values);
            ref double right = ref MemoryMarshal.GetArrayDataReference(y.Values);
            ref double low = ref Unsafe.Add(ref right, y.Start(2 * pair));
            ref double high = ref Unsafe.Add(ref right, y.Start((2 * pair) + 1));
            for (int panel = firstPanel; panel < end; panel++)
            {
                ref double panelOfX = ref Unsafe.Add(ref left, x.Start(panel));
                ref double target = ref result[(panel * Panel * pitch) + (2 * pair * Panel)];
                if (Vector512.IsHardwareAccelerated)
                {
                    Wide(ref panelOfX, ref low, ref high, rows, ref target, (nuint)pitch);
                }
                else
                {
                    for (int half = 0; half < Panel; half += Half)
                    {
                        ref double rowsOfTarget = ref Unsafe.Add(ref target, half * pitch);
                        Narrow(ref Unsafe.Add(ref panelOfX, half), ref low, rows, ref rowsOfTarget, (nuint)pitch);
                        Narrow(ref Unsafe.Add(ref panelOfX, half), ref high, rows, ref Unsafe.Add(ref rowsOfTarget, Panel), (nuint)pitch);
                    }
                }
            }
        });
    }

    /// <summary>8 x 16.</summary>
    private static void Wide(ref double x, ref double low, ref double high, int rows, ref double c, nuint pitch)
    {
        const nuint Lanes = 8;
        Vector512<double> a0 = Vector512.LoadUnsafe(ref c), a1 = Vector512.LoadUnsafe(ref c, Lanes);
        Vector512<double> b0 = Vector512.LoadUnsafe(ref c, pitch), b1 = Vector512.LoadUnsafe(ref c, pitch + Lanes);
        Vector512<double> c0 = Vector512.LoadUnsafe(ref c, 2 * pitch), c1 = Vector512.LoadUnsafe(ref c, (2 * pitch) + Lanes);
        Vector512<double> d0 = Vector512.LoadUnsafe(ref c, 3 * pitch), d1 = Vector512.LoadUnsafe(ref c, (3 * pitch) + Lanes);
        Vector512<double> e0 = Vector512.LoadUnsafe(ref c, 4 * pitch), e1 = Vector512.LoadUnsafe(ref c, (4 * pitch) + Lanes);
        Vector512<double> f0 = Vector512.LoadUnsafe(ref c, 5 * pitch), f1 = Vector512.LoadUnsafe(ref c, (5 * pitch) + Lanes);
        Vector512<double> g0 = Vector512.LoadUnsafe(ref c, 6 * pitch), g1 = Vector512.LoadUnsafe(ref c, (6 * pitch) + Lanes);
        Vector512<double> h0 = Vector512.LoadUnsafe(ref c, 7 * pitch), h1 = Vector512.LoadUnsafe(ref c, (7 * pitch) + Lanes);
        for (int row = 0; row < rows; row++)
        {
            Vector512<double> y0 = Vector512.LoadUnsafe(ref low), y1 = Vector512.LoadUnsafe(ref high);
            var value = Vector512.Create(x);
            (a0, a1) = (Vector512.FusedMultiplyAdd(value, y0, a0), Vector512.FusedMultiplyAdd(value, y1, a1));
            value = Vector512.Create(Unsafe.Add(ref x, 1));
            (b0, b1) = (Vector512.FusedMultiplyAdd(value, y0, b0), Vector512.FusedMultiplyAdd(value, y1, b1));
            value = Vector512.Create(Unsafe.Add(ref x, 2));
            (c0, c1) = (Vector512.FusedMultiplyAdd(value, y0, c0), Vector512.FusedMultiplyAdd(value, y1, c1));
            value = Vector512.Create(Unsafe.Add(ref x, 3));
            (d0, d1) = (Vector512.FusedMultiplyAdd(value, y0, d0), Vector512.FusedMultiplyAdd(value, y1, d1));
            value = Vector512.Create(Unsafe.Add(ref x, 4));
            (e0, e1) = (Vector512.FusedMultiplyAdd(value, y0, e0), Vector512.FusedMultiplyAdd(value, y1, e1));
            value = Vector512.Create(Unsafe.Add(ref x, 5));
            (f0, f1) = (Vector512.FusedMultiplyAdd(value, y0, f0), Vector512.FusedMultiplyAdd(value, y1, f1));
            value = Vector512.Create(Unsafe.Add(ref x, 6));
            (g0, g1) = (Vector512.FusedMultiplyAdd(value, y0, g0), Vector512.FusedMultiplyAdd(value, y1, g1));
            value = Vector512.Create(Unsafe.Add(ref x, 7));
            (h0, h1) = (Vector512.FusedMultiplyAdd(value, y0, h0), Vector512.FusedMultiplyAdd(value, y1, h1));
            x = ref Unsafe.Add(ref x, Panel);
            low = ref Unsafe.Add(ref low, Panel);
            high = ref Unsafe.Add(ref high, Panel);
        }

        a0.StoreUnsafe(ref c);
        a1.StoreUnsafe(ref c, Lanes);
        b0.StoreUnsafe(ref c, pitch);
        b1.StoreUnsafe(ref c, pitch + Lanes);
        c0.StoreUnsafe(ref c, 2 * pitch);
        c1.StoreUnsafe(ref c, (2 * pitch) + Lanes);
        d0.StoreUnsafe(ref c, 3 * pitch);
        d1.StoreUnsafe(ref c, (3 * pitch) + Lanes);
        e0.StoreUnsafe(ref c, 4 * pitch);
        e1.StoreUnsafe(ref c, (4 * pitch) + Lanes);
        f0.StoreUnsafe(ref c, 5 * pitch);
        f1.StoreUnsafe(ref c, (5 * pitch) + Lanes);
        g0.StoreUnsafe(ref c, 6 * pitch);
        g1.StoreUnsafe(ref c, (6 * pitch) + Lanes);
        h0.StoreUnsafe(ref c, 7 * pitch);
        h1.StoreUnsafe(ref c, (7 * pitch) + Lanes);
    }

    /// <summary>4 x 8.</summary>
    private static void Narrow(ref double x, ref double y, int rows, ref double c, nuint pitch)
    {
        const nuint Lanes = 4;
        Vector256<double> a0 = Vector256.LoadUnsafe(ref c), a1 = Vector256.LoadUnsafe(ref c, Lanes);
        Vector256<double> b0 = Vector256.LoadUnsafe(ref c, pitch), b1 = Vector256.LoadUnsafe(ref c, pitch + Lanes);
        Vector256<double> c0 = Vector256.LoadUnsafe(ref c, 2 * pitch), c1 = Vector256.LoadUnsafe(ref c, (2 * pitch) + Lanes);
        Vector256<double> d0 = Vector256.LoadUnsafe(ref c, 3 * pitch), d1 = Vector256.LoadUnsafe(ref c, (3 * pitch) + Lanes);
        for (int row = 0; row < rows; row++)
        {
            Vector256<double> y0 = Vector256.LoadUnsafe(ref y), y1 = Vector256.LoadUnsafe(ref y, Lanes);
            var value = Vector256.Create(x);
            (a0, a1) = (Vector256.FusedMultiplyAdd(value, y0, a0), Vector256.FusedMultiplyAdd(value, y1, a1));
            value = Vector256.Create(Unsafe.Add(ref x, 1));
            (b0, b1) = (Vector256.FusedMultiplyAdd(value, y0, b0), Vector256.FusedMultiplyAdd(value, y1, b1));
            value = Vector256.Create(Unsafe.Add(ref x, 2));
            (c0, c1) = (Vector256.FusedMultiplyAdd(value, y0, c0), Vector256.FusedMultiplyAdd(value, y1, c1));
            value = Vector256.Create(Unsafe.Add(ref x, 3));
            (d0, d1) = (Vector256.FusedMultiplyAdd(value, y0, d0), Vector256.FusedMultiplyAdd(value, y1, d1));
            x = ref Unsafe.Add(ref x, Panel);
            y = ref Unsafe.Add(ref y, Panel);
        }

        a0.StoreUnsafe(ref c);
        a1.StoreUnsafe(ref c, Lanes);
        b0.StoreUnsafe(ref c, pitch);
        b1.StoreUnsafe(ref c, pitch + Lanes);
        c0.StoreUnsafe(ref c, 2 * pitch);
        c1.StoreUnsafe(ref c, (2 * pitch) + Lanes);
        d0.StoreUnsafe(ref c, 3 * pitch);
        d1.StoreUnsafe(ref c, (3 * pitch) + Lanes);
    }
}
