using System.Runtime.CompilerServices;

namespace L2c.Kernels;

/// <summary>What <see cref="Device.LinearWeightGradient"/> was called with.</summary>
internal readonly record struct LinearWeightGradientArguments(Tensor Dy, Tensor X, Tensor DWeight) : ICpuOpArguments
{
    /// <inheritdoc/>
    public CpuOp Bind<V>(int threads)
        where V : unmanaged, IFloats<V> => new LinearWeightGradientOp<V>(this, threads);
}

/// <summary>dW = dy^T x: a tile of dW is some outputs by a few panels of inputs.</summary>
/// <remarks>
/// The sum over M is cut into equal blocks, so that a tile's columns of dy stay in the second cache and a panel of x in the first. Within a block
/// each panel of x is copied to consecutive memory once and serves all outputs of the tile; dy is read in place, with a step of one row. Sums rest in
/// dW and go on from there: an element is one chain of multiply-adds over m, and no cut changes a bit.
/// </remarks>
internal sealed unsafe class LinearWeightGradientOp<V> : CpuOp
    where V : unmanaged, IFloats<V>
{
    private const int MostDepth = 256;
    private const int MostOutputs = 256;
    private const int MostPanels = 8;
    private const int TilesPerThread = 8;

    private static int Width => MicroKernel.PanelVectors * V.Count;

    private static int Height => MicroKernel.TallestTile<V>();

    private readonly LinearWeightGradientArguments _arguments;
    private readonly int _rows;
    private readonly int _outputs;
    private readonly int _inputs;
    private readonly int _depth;
    private readonly int _outputsPerTile;
    private readonly int _inputsPerTile;
    private readonly int _inputTiles;

    public LinearWeightGradientOp(LinearWeightGradientArguments arguments, int threads)
    {
        _arguments = arguments;
        _rows = arguments.X.Rows;
        _outputs = arguments.DWeight.Rows;
        _inputs = arguments.DWeight.Columns;

        int blocks = (_rows + MostDepth - 1) / MostDepth;
        _depth = (_rows + blocks - 1) / blocks;
        int outputTiles = (_outputs + MostOutputs - 1) / MostOutputs, panels = (_inputs + Width - 1) / Width;
        _outputsPerTile = ((_outputs + outputTiles - 1) / outputTiles + Height - 1) / Height * Height;
        _inputsPerTile = Math.Clamp((int)((long)outputTiles * panels / ((long)TilesPerThread * threads)), 1, MostPanels) * Width;
        _inputTiles = (_inputs + _inputsPerTile - 1) / _inputsPerTile;
        Tiles = (_outputs + _outputsPerTile - 1) / _outputsPerTile * _inputTiles;
    }

    /// <inheritdoc/>
    public override string Name => nameof(Device.LinearWeightGradient);

    /// <inheritdoc/>
    public override int Tiles { get; }

    /// <inheritdoc/>
    public override long ScratchBytes => sizeof(float) * ((long)_depth * Width + EdgeTile.ScratchFloats<V>());

    /// <inheritdoc/>
    public override long Flops => 2L * _rows * _outputs * _inputs;

    /// <inheritdoc/>
    public override long Bytes => sizeof(float) * ((long)_rows * (_inputs + _outputs) + (long)_outputs * _inputs);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Run(int tile, nint scratch)
    {
        int firstOutput = tile / _inputTiles * _outputsPerTile, endOutput = Math.Min(firstOutput + _outputsPerTile, _outputs);
        int firstInput = tile % _inputTiles * _inputsPerTile, endInput = Math.Min(firstInput + _inputsPerTile, _inputs);
        nint dyRow = _arguments.Dy.RowStride, xRow = _arguments.X.RowStride;
        float* edge = (float*)scratch, panel = edge + EdgeTile.ScratchFloats<V>();
        for (int m = 0; m < _rows; m += _depth)
        {
            int depth = Math.Min(_depth, _rows - m);
            float* dy = (float*)_arguments.Dy.Address + m * dyRow, x = (float*)_arguments.X.Address + m * xRow;
            for (int input = firstInput; input < endInput; input += Width)
            {
                int columns = Math.Min(Width, endInput - input);
                CopyPanel(x + input, xRow, depth, columns, panel);
                for (int output = firstOutput; output < endOutput; output += Height)
                {
                    float* sums = (float*)_arguments.DWeight.Address + (long)output * _inputs + input;
                    EdgeTile.Multiply<V>(
                        Math.Min(Height, endOutput - output), columns, dy + output, 1, dyRow, panel, Width, depth,
                        m > 0 ? sums : null, _inputs, sums, _inputs, panel, edge);
                }
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void CopyPanel(float* x, nint xRow, int depth, int columns, float* panel)
    {
        for (int m = 0; m < depth; m++, x += xRow, panel += Width)
        {
            for (int j = 0; j < columns; j += V.Count)
            {
                V.Store(Partial.Load<V>(x + j, columns - j), panel + j);
            }
        }
    }
}
