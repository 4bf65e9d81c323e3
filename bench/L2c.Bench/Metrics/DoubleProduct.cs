using L2c.Model.Metrics;

namespace L2c.Bench.Metrics;

/// <summary>A contestant that multiplies in binary64: XᵀY of packed blocks of 256 rows, as often as makes so many operations.</summary>
internal sealed class DoubleProduct
{
    private readonly PackedRows _x, _y;
    private readonly double[] _result;
    private readonly int _threads;
    private readonly long _times;

    /// <param name="columns">Columns of both operands.</param>
    /// <param name="flops">Floating-point operations wanted.</param>
    /// <param name="threads">Threads; 0 for one per core.</param>
    public DoubleProduct(int columns, double flops, int threads)
    {
        (_x, _y, _threads) = (new PackedRows(columns), new PackedRows(columns), threads);
        double[] row = new double[columns], noShift = new double[columns];
        Random random = new(1);
        for (int i = 0; i < PackedRows.RowsAtOnce; i++)
        {
            for (int j = 0; j < columns; j++)
            {
                row[j] = random.NextDouble() - 0.5;
            }

            _x.Add<double>(row, noShift);
            _y.Add<double>(row, noShift, -1);
        }

        _result = new double[_x.Pitch * _x.Pitch];
        double each = 2.0 * PackedRows.RowsAtOnce * columns * columns;
        _times = (long)Math.Max(1, Math.Round(flops / each));
        Flops = _times * each;
    }

    /// <summary>Floating-point operations of one run, two per multiply-add.</summary>
    public double Flops { get; }

    /// <summary>One run.</summary>
    public void Run()
    {
        for (long i = 0; i < _times; i++)
        {
            TransposedProduct.Add(_x, _y, _result, _x.Pitch, _threads);
        }
    }
}
