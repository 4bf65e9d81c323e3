using System.Runtime.CompilerServices;

namespace L2c.Kernels;

/// <summary>What <see cref="Device.ColumnSums"/> was called with.</summary>
internal readonly record struct ColumnSumsArguments(Tensor X, Tensor Sums) : ICpuOpArguments
{
    /// <inheritdoc/>
    public CpuOp Bind<V>(int threads)
        where V : unmanaged, IFloats<V> => new ColumnSumsOp<V>(this);
}

/// <summary>Sums over rows; a tile is a few vectors of columns. Every column is one chain of additions over m.</summary>
internal sealed unsafe class ColumnSumsOp<V>(ColumnSumsArguments arguments) : CpuOp
    where V : unmanaged, IFloats<V>
{
    // As many chains as hide the latency of an addition.
    private const int Vectors = 4;

    private readonly int _columns = arguments.X.Columns;
    private readonly int _rows = arguments.X.Rows;

    private static int Width => Vectors * V.Count;

    /// <inheritdoc/>
    public override string Name => nameof(Device.ColumnSums);

    /// <inheritdoc/>
    public override int Tiles => (_columns + Width - 1) / Width;

    /// <inheritdoc/>
    public override long Bytes => sizeof(float) * ((long)_rows + 1) * _columns;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Run(int tile, nint scratch)
    {
        int first = tile * Width, columns = Math.Min(Width, _columns - first);
        float* x = (float*)arguments.X.Address + first, sums = (float*)arguments.Sums.Address + first;
        nint stride = arguments.X.RowStride;
        int j = 0;
        if (columns == Width)
        {
            V a = default, b = default, c = default, d = default;
            for (int m = 0; m < _rows; m++, x += stride)
            {
                a += V.Load(x);
                b += V.Load(x + V.Count);
                c += V.Load(x + 2 * V.Count);
                d += V.Load(x + 3 * V.Count);
            }

            V.Store(a, sums);
            V.Store(b, sums + V.Count);
            V.Store(c, sums + 2 * V.Count);
            V.Store(d, sums + 3 * V.Count);
            return;
        }

        for (; j < columns; j += V.Count)
        {
            V sum = default;
            for (int m = 0; m < _rows; m++)
            {
                sum += Partial.Load<V>(x + m * stride + j, columns - j);
            }

            Partial.Store(sum, sums + j, columns - j);
        }
    }
}
