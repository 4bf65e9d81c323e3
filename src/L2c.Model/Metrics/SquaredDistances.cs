using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using L2c.Kernels;

namespace L2c.Model.Metrics;

/// <summary>Squared Euclidean distances of the vectors of two sets, tile by tile, as |u|² - 2 u·v + |v|², at least 0.</summary>
/// <remarks>
/// Numerics products in binary32, each one chain over the features; norms and sums in binary64, the distance in binary32. With the option for
///          binary16, features, norms, products and every later step are rounded to it, and a block in which a distance is not finite is computed as
///          without.
/// Memory   a tile of either set and of their products.
/// </remarks>
internal sealed class SquaredDistances : IDisposable
{
    private const int RowsOfTile = 512, ColumnsOfTile = 4096;
    private const int Lanes = 8;

    private readonly PrecisionRecallOptions _options;
    private readonly ParallelOptions _parallel;
    private readonly Action<long> _progress;
    private readonly CpuDevice _device;
    private readonly Arena _arena;
    private readonly Tensor _rows, _products;
    private readonly Matrix _columns;
    private readonly float[] _rounded, _distances;
    private long _told; // of the block

    /// <summary>Makes room.</summary>
    /// <param name="dimension">D.</param>
    /// <param name="options">Whether distances are of binary16, in which blocks, and on how many threads.</param>
    /// <param name="progress">Told of distances that are done.</param>
    /// <param name="cancel">Looked at before each tile.</param>
    public SquaredDistances(int dimension, PrecisionRecallOptions options, Action<long> progress, CancellationToken cancel)
    {
        (_options, _progress) = (options, progress);
        _parallel = new ParallelOptions { MaxDegreeOfParallelism = options.Threads == 0 ? -1 : options.Threads, CancellationToken = cancel };
        _device = new CpuDevice(options.Threads);
        (_arena, (_rows, _columns, _products)) = Arena.Carve(
            _device, "distances", a => (a.Take(RowsOfTile, dimension), a.TakeMatrix(ColumnsOfTile, dimension), a.Take(RowsOfTile, ColumnsOfTile)));
        _distances = new float[RowsOfTile * ColumnsOfTile];
        _rounded = options.HalfPrecision ? new float[ColumnsOfTile * dimension] : [];
    }

    /// <summary>Blocks that stayed within binary16.</summary>
    public int KeptBlocks { get; private set; }

    /// <summary>Blocks that were tried in binary16.</summary>
    public int Blocks { get; private set; }

    /// <summary>Computes all distances of two sets.</summary>
    public void Visit(FeatureRows rows, FeatureRows columns, IDistanceUse use)
    {
        Norms ofRows = new(rows, _options.HalfPrecision), ofColumns = new(columns, _options.HalfPrecision);
        int block = _options.HalfPrecision ? _options.HalfBlock : int.MaxValue;
        for (long row = 0; row < rows.Count; row += block)
        {
            for (long column = 0; column < columns.Count; column += block)
            {
                Range rowRange = (int)row..(int)Math.Min(row + block, rows.Count);
                Range columnRange = (int)column..(int)Math.Min(column + block, columns.Count);
                VisitBlock(new Block(rows, columns, ofRows, ofColumns, rowRange, columnRange), use);
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _arena.Dispose();
        _device.Dispose();
    }

    private void VisitBlock(Block block, IDistanceUse use)
    {
        _told = 0;
        if (_options.HalfPrecision)
        {
            Blocks++;
            use.Save();
            if (TryVisit(block, use, half: true))
            {
                KeptBlocks++;
                return;
            }

            use.Restore();
        }

        _ = TryVisit(block, use, half: false);
    }

    /// <returns>Whether all distances were finite; where not, the rest of the block is left out.</returns>
    private bool TryVisit(Block block, IDistanceUse use, bool half)
    {
        long done = 0;
        for (int column = block.ColumnRange.Start.Value; column < block.ColumnRange.End.Value; column += ColumnsOfTile)
        {
            int columns = Math.Min(ColumnsOfTile, block.ColumnRange.End.Value - column);
            _device.WriteMatrix(_columns, 0, Values(block.Columns, column, columns, half));
            for (int row = block.RowRange.Start.Value; row < block.RowRange.End.Value; row += RowsOfTile)
            {
                int rows = Math.Min(RowsOfTile, block.RowRange.End.Value - row);
                _device.Upload(_rows.SliceRows(0, rows), Values(block.Rows, row, rows, half));
                Tensor products = _products.SliceRows(0, rows).SliceColumns(0, columns);
                _device.Linear(_rows.SliceRows(0, rows), _columns.SliceOutputs(0, columns), default, products);
                _device.Download(products, _distances.AsSpan(0, rows * columns));
                if (!Use(block, use, row, rows, column, columns, half))
                {
                    return false;
                }

                // Distances that are computed again are told of once.
                done += (long)rows * columns;
                if (done > _told)
                {
                    _progress(done - _told);
                    _told = done;
                }
            }
        }

        return true;
    }

    private ReadOnlySpan<float> Values(FeatureRows set, int first, int count, bool half)
    {
        ReadOnlySpan<float> values = set.Slice(first, count);
        if (!half)
        {
            return values;
        }

        for (int i = 0; i < values.Length; i++)
        {
            _rounded[i] = HalfRounding.Round(values[i]);
        }

        return _rounded.AsSpan(0, values.Length);
    }

    private bool Use(Block block, IDistanceUse use, int firstRow, int rows, int firstColumn, int columns, bool half)
    {
        bool isFinite = true;
        Parallel.For(0, rows, _parallel, row =>
        {
            Span<float> distances = _distances.AsSpan(row * columns, columns);
            if (!half)
            {
                ToDistances(distances, block.OfRows.Double[firstRow + row], block.OfColumns.Double.AsSpan(firstColumn, columns));
            }
            else if (!ToHalfDistances(distances, block.OfRows.Half[firstRow + row], block.OfColumns.Half.AsSpan(firstColumn, columns)))
            {
                Volatile.Write(ref isFinite, false);
                return;
            }

            use.Take(firstRow + row, firstColumn, distances);
        });
        return isFinite;
    }

    private static void ToDistances(Span<float> products, double rowNorm, ReadOnlySpan<double> columnNorms)
    {
        ref float product = ref MemoryMarshal.GetReference(products);
        ref double norm = ref MemoryMarshal.GetReference(columnNorms);
        var row = Vector256.Create(rowNorm);
        int i = 0;
        for (; i <= products.Length - Lanes; i += Lanes)
        {
            (Vector256<double> low, Vector256<double> high) = Vector256.Widen(Vector256.LoadUnsafe(ref product, (nuint)i));
            low = row + Vector256.LoadUnsafe(ref norm, (nuint)i) - (low + low);
            high = row + Vector256.LoadUnsafe(ref norm, (nuint)i + (Lanes / 2)) - (high + high);
            Vector256.Max(Vector256.Narrow(low, high), Vector256<float>.Zero).StoreUnsafe(ref product, (nuint)i);
        }

        for (; i < products.Length; i++)
        {
            products[i] = Math.Max((float)(rowNorm + columnNorms[i] - (2.0 * products[i])), 0);
        }
    }

    private static bool ToHalfDistances(Span<float> products, float rowNorm, ReadOnlySpan<float> columnNorms)
    {
        ref float product = ref MemoryMarshal.GetReference(products);
        ref float norm = ref MemoryMarshal.GetReference(columnNorms);
        int i = 0;
        Vector256<float> row = Vector256.Create(rowNorm), beyond = Vector256<float>.Zero;
        for (; i <= products.Length - Lanes; i += Lanes)
        {
            Vector256<float> distance = Distance(row, Vector256.LoadUnsafe(ref product, (nuint)i), Vector256.LoadUnsafe(ref norm, (nuint)i));

            // 0 unless it is infinite or no number.
            beyond += distance * Vector256<float>.Zero;
            Vector256.Max(distance, Vector256<float>.Zero).StoreUnsafe(ref product, (nuint)i);
        }

        bool isFinite = Vector256.Sum(beyond) == 0;
        for (; i < products.Length; i++)
        {
            float distance = Distance(row, Vector256.Create(products[i]), Vector256.Create(columnNorms[i])).ToScalar();
            isFinite &= float.IsFinite(distance);
            products[i] = Math.Max(distance, 0);
        }

        return isFinite;
    }

    private static Vector256<float> Distance(Vector256<float> rowNorm, Vector256<float> product, Vector256<float> columnNorm)
    {
        product = HalfRounding.Round(product);
        Vector256<float> difference = HalfRounding.Round(rowNorm - HalfRounding.Round(product + product));
        return HalfRounding.Round(difference + columnNorm);
    }

    /// <summary>Squared norms of the vectors of a set: in binary64, and of binary16 squares of binary16 features.</summary>
    private sealed class Norms
    {
        public Norms(FeatureRows set, bool half)
        {
            (Double, Half) = (new double[set.Count], new float[half ? set.Count : 0]);
            for (int row = 0; row < set.Count; row++)
            {
                float sum = 0;
                foreach (float value in set.Slice(row, 1))
                {
                    Double[row] += (double)value * value;
                    if (half)
                    {
                        float rounded = HalfRounding.Round(value);
                        sum += HalfRounding.Round(rounded * rounded);
                    }
                }

                if (half)
                {
                    Half[row] = HalfRounding.Round(sum);
                }
            }
        }

        public double[] Double { get; }

        public float[] Half { get; }
    }

    private sealed record Block(
        FeatureRows Rows, FeatureRows Columns, Norms OfRows, Norms OfColumns, Range RowRange, Range ColumnRange);
}
