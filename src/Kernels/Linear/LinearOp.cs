using System.Runtime.CompilerServices;

namespace L2c.Kernels;

/// <summary>What <see cref="Device.Linear"/> was called with.</summary>
internal readonly record struct LinearArguments(Tensor X, Matrix Weight, Tensor Bias, Tensor Y, Activation Activation) : ICpuOpArguments
{
    /// <inheritdoc/>
    public CpuOp Bind<V>(int threads)
        where V : unmanaged, IFloats<V> => new LinearOp<V>(this, threads);
}

/// <summary>y = act(x W^T + b) on packed panels of weights.</summary>
/// <remarks>
/// A tile is up to 128 rows by a few panels. K is cut into blocks of 384, so that 8 rows of x and a panel stay in cache; partial sums rest in y.
/// An element is a sum over blocks of sums over k: the order depends on K alone. Rows and columns that fill no register tile go through the
/// same micro-kernel into scratch, and only what exists is copied out.
/// </remarks>
internal sealed unsafe class LinearOp<V> : CpuOp
    where V : unmanaged, IFloats<V>
{
    private const int DepthBlock = 384;
    private const int MostRows = 128;
    private const int MostPanels = 8;

    private static int Width => MicroKernel.PanelVectors * V.Count;

    private static int Height => MicroKernel.TallestTile<V>();

    private readonly LinearArguments _arguments;
    private readonly float* _x;
    private readonly float* _weight;
    private readonly float* _bias;
    private readonly float* _y;
    private readonly int _rows;
    private readonly int _outputs;
    private readonly int _inputs;
    private readonly int _rowsPerTile;
    private readonly int _panelsPerTile;
    private readonly int _panelTiles;

    public LinearOp(LinearArguments arguments, int threads)
    {
        _arguments = arguments;
        _x = (float*)arguments.X.Address;
        _weight = (float*)arguments.Weight.Address;
        _bias = (float*)arguments.Bias.Address;
        _y = (float*)arguments.Y.Address;
        _rows = arguments.X.Rows;
        _outputs = arguments.Weight.Outputs;
        _inputs = arguments.Weight.Inputs;

        int rowTiles = (_rows + MostRows - 1) / MostRows;
        int panels = PackedWeight.Panels(_outputs, Width);
        _rowsPerTile = ((_rows + rowTiles - 1) / rowTiles + Height - 1) / Height * Height;
        _panelsPerTile = Math.Clamp((int)((long)rowTiles * panels / (8L * threads)), 1, MostPanels);
        _panelTiles = (panels + _panelsPerTile - 1) / _panelsPerTile;
        Tiles = (_rows + _rowsPerTile - 1) / _rowsPerTile * _panelTiles;
    }

    /// <inheritdoc/>
    public override string Name => nameof(Device.Linear);

    /// <inheritdoc/>
    public override int Tiles { get; }

    /// <inheritdoc/>
    public override long ScratchBytes => Height * Width * sizeof(float);

    /// <inheritdoc/>
    public override long Flops => 2L * _rows * _outputs * _inputs;

    /// <inheritdoc/>
    public override long Bytes => sizeof(float) * ((long)_rows * _inputs + (long)_outputs * _inputs + (long)_rows * _outputs);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Run(int tile, nint scratch)
    {
        int firstRow = tile / _panelTiles * _rowsPerTile, endRow = Math.Min(firstRow + _rowsPerTile, _rows);
        int firstColumn = tile % _panelTiles * _panelsPerTile * Width, endColumn = Math.Min(firstColumn + _panelsPerTile * Width, _outputs);
        for (int k = 0; k < _inputs; k += DepthBlock)
        {
            int depth = Math.Min(DepthBlock, _inputs - k);
            for (int row = firstRow; row < endRow; row += Height)
            {
                for (int column = firstColumn; column < endColumn; column += Width)
                {
                    Block(row, Math.Min(Height, endRow - row), column, Math.Min(Width, endColumn - column), k, depth, (float*)scratch);
                }
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Block(int row, int rows, int column, int columns, int k, int depth, float* scratch)
    {
        nint xRow = _arguments.X.RowStride, yRow = _arguments.Y.RowStride;
        float* x = _x + row * xRow + k;
        float* panel = _weight + ((long)column * _inputs + (long)k * Width);
        float* y = _y + row * yRow + column;
        int vectors = (columns + V.Count - 1) / V.Count;
        if (rows == Height && columns == Width)
        {
            MicroKernel.Multiply<V>(rows, vectors, x, xRow, 1, panel, Width, depth, y, yRow, accumulate: k > 0);
        }
        else
        {
            MicroKernel.Multiply<V>(rows, vectors, x, xRow, 1, panel, Width, depth, scratch, Width, accumulate: false);
            CopyOut(scratch, rows, columns, y, yRow, accumulate: k > 0);
        }

        if (k + depth == _inputs && (_bias != null || _arguments.Activation != Activation.None))
        {
            Finish(column, rows, columns, y, yRow);
        }
    }

    private static void CopyOut(float* scratch, int rows, int columns, float* y, nint yRow, bool accumulate)
    {
        for (int i = 0; i < rows; i++, y += yRow, scratch += Width)
        {
            for (int j = 0; j < columns; j += V.Count)
            {
                V sum = V.Load(scratch + j);
                Partial.Store(accumulate ? Partial.Load<V>(y + j, columns - j) + sum : sum, y + j, columns - j);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Finish(int column, int rows, int columns, float* y, nint yRow)
    {
        Activation activation = _arguments.Activation;
        for (int j = 0; j < columns; j += V.Count)
        {
            V bias = _bias == null ? default : Partial.Load<V>(_bias + column + j, columns - j);
            float* at = y + j;
            for (int i = 0; i < rows; i++, at += yRow)
            {
                V value = Partial.Load<V>(at, columns - j) + bias;
                value = activation switch
                {
                    Activation.Silu => Elementary.Silu(value),
                    Activation.GeluTanh => Elementary.GeluTanh(value),
                    Activation.GeluErf => Elementary.GeluErf(value),
                    _ => value,
                };
                Partial.Store(value, at, columns - j);
            }
        }
    }
}
