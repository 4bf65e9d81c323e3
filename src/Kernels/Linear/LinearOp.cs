using System.Runtime.CompilerServices;

namespace L2c.Kernels;

/// <summary>What <see cref="Device.Linear"/> was called with.</summary>
internal readonly record struct LinearArguments(Tensor X, Matrix Weight, Tensor Bias, Tensor Y, Activation Activation, bool Accumulates)
    : ICpuOpArguments
{
    /// <inheritdoc/>
    public CpuOp Bind<V>(int threads)
        where V : unmanaged, IFloats<V> => new LinearOp<V, PlainRows>(this, new PlainRows(X), threads);
}

/// <summary>y = act(x W^T + b) or act(y + x W^T + b) on packed panels of weights.</summary>
/// <remarks>
/// A tile is up to 128 rows by a few panels. K is cut into equal blocks, so that the rows' block, a panel's and the next panel's stay in the second
/// cache, as large as the machine says it is; sums rest in y and go on from there. An element is one chain of multiply-adds that starts with the
/// bias, or with y: the cuts change no bit.
/// While a panel's block serves the first rows, the micro-kernel asks for the one that comes next, and after that for the next rows of x: weights
/// mostly lie in the third cache or in memory, and waiting for them costs a tenth of the time.
/// A convolution is the same with rows of x that are windows of an image: <typeparamref name="TRows"/> says where a row lies.
/// </remarks>
internal sealed unsafe class LinearOp<V, TRows> : CpuOp
    where V : unmanaged, IFloats<V>
    where TRows : struct, IProductRows
{
    private const int MinDepth = 128;
    private const int MaxDepth = 2048;
    private const int MaxRows = 128;
    private const int MaxPanels = 8;

    // A thread waits at the end of an op for a tile of another one: half a tile on average.
    private const int TilesPerThread = 16;

    // A quarter of the cache is left to y and whatever else comes by.
    private static int CacheDepth => (int)Math.Clamp(CacheSizes.Second / 4 * 3 / (sizeof(float) * (MaxRows + 2 * Width)), MinDepth, MaxDepth);

    private static int Width => MicroKernel.PanelVectors * V.Count;

    private static int Height => MicroKernel.TallestTile<V>();

    // Past the last output, in columns of the panels.
    private int End => _first + _outputs;

    private readonly LinearArguments _arguments;
    private readonly TRows _x;
    private readonly float* _weight;
    private readonly float* _bias;
    private readonly float* _y;
    private readonly int _rows;
    private readonly int _outputs;
    private readonly int _first; // where in the first panel the outputs begin
    private readonly int _inputs;
    private readonly int _panelInputs; // of the weight of which this may be a slice
    private readonly bool _accumulates;
    private readonly int _depth; // of a block of K
    private readonly int _units; // of a block
    private readonly int _section; // of K, in which blocks lie whole
    private readonly int _rowsPerTile;
    private readonly int _panelsPerTile;
    private readonly int _panelTiles;

    /// <summary>Plans.</summary>
    /// <param name="arguments">What to compute.</param>
    /// <param name="x">Rows of the left operand.</param>
    /// <param name="threads">How many will share the tiles.</param>
    /// <param name="maxDepth">K of a block, at most; 0 for what the second cache holds.</param>
    public LinearOp(LinearArguments arguments, TRows x, int threads, int maxDepth = 0)
    {
        maxDepth = maxDepth == 0 ? CacheDepth : maxDepth;
        _arguments = arguments;
        _x = x;
        _weight = (float*)arguments.Weight.Address;
        _bias = (float*)arguments.Bias.Address;
        _y = (float*)arguments.Y.Address;
        _rows = arguments.Y.Rows;
        _outputs = arguments.Weight.Outputs;
        _first = arguments.Weight.SkippedOutputs;
        _inputs = arguments.Weight.Inputs;
        _panelInputs = PackedWeight.Inputs(arguments.Weight);
        _accumulates = arguments.Accumulates;
        if (x.Unit <= maxDepth)
        {
            int units = _inputs / x.Unit;
            (_section, _units) = (_inputs, Ceiling.Divide(units, Ceiling.Divide(units, maxDepth / x.Unit)));
            _depth = _units * x.Unit;
        }
        else
        {
            (_section, _units, _depth) = (x.Unit, 1, Ceiling.Divide(x.Unit, Ceiling.Divide(x.Unit, maxDepth)));
        }

        int rowTiles = Ceiling.Divide(_rows, MaxRows), panels = PackedWeight.Panels(End, Width);
        _rowsPerTile = Ceiling.Divide(Ceiling.Divide(_rows, rowTiles), Height) * Height;
        int mostPanels = Math.Clamp((int)((long)rowTiles * panels / ((long)TilesPerThread * threads)), 1, MaxPanels);
        _panelTiles = Ceiling.Divide(panels, mostPanels);
        _panelsPerTile = Ceiling.Divide(panels, _panelTiles);
        Tiles = Ceiling.Divide(_rows, _rowsPerTile) * _panelTiles;
    }

    /// <inheritdoc/>
    public override string Name => TRows.Op;

    /// <inheritdoc/>
    public override int Tiles { get; }

    /// <inheritdoc/>
    public override long ScratchBytes => sizeof(float) * (EdgeTile.ScratchFloats<V>() + RunFloats + _x.ScratchFloats(_rowsPerTile, _units));

    // The runs of every tile of the micro-kernel and of one after them, in whole cache lines.
    private nint RunFloats => (nint)Ceiling.Divide((_rowsPerTile / Height + 1) * _units * sizeof(RowRun), 64) * Prefetch.LineFloats;

    /// <inheritdoc/>
    public override long Flops => 2L * _rows * _outputs * _inputs;

    /// <inheritdoc/>
    public override long Bytes =>
        sizeof(float) * (_arguments.X.Shape.Count + (long)_outputs * _inputs + (long)_rows * _outputs * (_accumulates ? 2 : 1));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Run(int tile, nint scratch)
    {
        int firstRow = tile / _panelTiles * _rowsPerTile, endRow = Math.Min(firstRow + _rowsPerTile, _rows);
        int firstColumn = tile % _panelTiles * _panelsPerTile * Width, endColumn = Math.Min(firstColumn + _panelsPerTile * Width, End);
        float* edge = (float*)scratch, located = edge + EdgeTile.ScratchFloats<V>() + RunFloats;
        var places = (RowRun*)(edge + EdgeTile.ScratchFloats<V>());
        for (int k = 0, depth; k < _inputs; k += depth)
        {
            depth = Math.Min(_depth, _section - k % _section);
            _x.Locate<V>(firstRow, endRow, k, depth, _units, places, located);
            for (int column = firstColumn, width; column < endColumn; column += width)
            {
                width = StepWidth(column, endColumn);
                (int nextColumn, int nextK) =
                    column + width < endColumn ? (column + width, k)
                    : k + depth < _inputs ? (firstColumn, k + depth)
                    : (endColumn < End ? endColumn : 0, 0); // the next tile begins with it
                float* weights = At(nextColumn, nextK), endWeights = weights + (long)depth * Width;
                int from = Math.Max(column, _first), columns = Math.Min(column + width, Math.Min(endColumn, End)) - from;
                RowRun* run = places;
                for (int row = firstRow; row < endRow; row += Height, run += _units)
                {
                    for (RowRun* part = run; ; part++)
                    {
                        part->Ahead = weights < endWeights ? weights : part[_units].First;
                        weights += part->Depth * Prefetch.LineFloats;
                        if (part->IsLast)
                        {
                            break;
                        }
                    }
                }

                Block(firstRow, endRow - firstRow, from, columns, places, k, depth, edge);
            }
        }
    }

    /// <summary>Columns to do next: a panel's, but four last vectors two by two: a tile of one vector is bound by its loads.</summary>
    private int StepWidth(int column, int end)
    {
        int vectors = (end - column + V.Count - 1) / V.Count;
        return column % Width != 0 || (vectors == MicroKernel.PanelVectors + 1 && column >= _first) ? 2 * V.Count : Width;
    }

    // Where a column's weights begin.
    private float* At(int column, int k) => Panel(column - column % Width, k) + column % Width;

    private float* Panel(int column, int k) => _weight + ((long)column * _panelInputs + (long)k * Width);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Block(int row, int rows, int column, int columns, RowRun* x, int k, int depth, float* edge)
    {
        nint yRow = _arguments.Y.RowStride;
        float* weights = At(column, k);

        // The second vector lies in the next panel where the first is the last of this one.
        nint second = column % Width == 2 * V.Count ? (nint)_panelInputs * Width - 2 * V.Count : V.Count;
        float* y = _y + row * yRow + (column - _first);
        float* bias = _bias == null ? null : _bias + (column - _first), start = k > 0 || _accumulates ? y : bias;
        nint startRow = k > 0 || _accumulates ? yRow : 0;
        bias = _accumulates ? bias : null;
        bool isLast = k + depth == _inputs;
        TileOperands tile = new(x, 1, weights, second, Width, start, startRow, y, yRow)
        {
            RunsPerTile = _units,
            Activation = isLast && bias == null ? _arguments.Activation : Activation.None,
        };
        EdgeTile.Multiply<V>(rows, columns, tile, edge);
        if (isLast && bias != null)
        {
            Finish(rows, columns, bias, y, yRow);
        }
    }

    /// <summary>Adds the bias where the sums did not begin with it, and applies the activation.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Finish(int rows, int columns, float* bias, float* y, nint yRow)
    {
        Activation activation = _arguments.Activation;
        for (int j = 0; j < columns; j += V.Count)
        {
            float* at = y + j;
            for (int i = 0; i < rows; i++, at += yRow)
            {
                V value = Partial.Load<V>(at, columns - j) + Partial.Load<V>(bias + j, columns - j);
                Partial.Store(ActivationForms.Value(activation, value), at, columns - j);
            }
        }
    }
}
