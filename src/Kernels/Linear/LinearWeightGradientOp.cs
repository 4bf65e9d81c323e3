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
/// The sum over M is cut into equal blocks, so that a panel of x stays in the first cache and a tile's columns of dy in the second. Within a block
/// each panel of x is copied to consecutive memory once and serves all outputs of the tile; dy is read in place, with a step of one row: a copy of it
/// costs more than it saves. Sums rest in dW and go on from there: an element is one chain of multiply-adds over m, and no cut changes a bit.
/// While a block is multiplied, the micro-kernel asks for the next one, a cache line's column of x or of dy per call; without that up to
/// half of the time goes into waiting.
/// </remarks>
internal sealed unsafe class LinearWeightGradientOp<V> : CpuOp
    where V : unmanaged, IFloats<V>
{
    private const int MaxDepth = 128;
    private const int MaxOutputs = 256;
    private const int MinOutputs = 64; // below, copying x shows
    private const int MaxPanels = 8;
    private const int TilesPerThread = 2;

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
        _depth = Share(_rows, Share(_rows, MaxDepth));

        int panels = Share(_inputs, Width), wanted = TilesPerThread * threads;
        int outputTiles = Math.Max(Share(_outputs, MaxOutputs), Math.Min(Share(_outputs, MinOutputs), Share(wanted, panels)));
        _outputsPerTile = Share(Share(_outputs, outputTiles), Height) * Height;
        _inputsPerTile = Math.Clamp((int)((long)outputTiles * panels / wanted), 1, MaxPanels) * Width;
        _inputTiles = Share(_inputs, _inputsPerTile);
        Tiles = Share(_outputs, _outputsPerTile) * _inputTiles;
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
            int depth = Math.Min(_depth, _rows - m), nextX = firstInput, nextDy = firstOutput;
            float* dy = (float*)_arguments.Dy.Address + m * dyRow, x = (float*)_arguments.X.Address + m * xRow;
            for (int input = firstInput; input < endInput; input += Width)
            {
                int columns = Math.Min(Width, endInput - input);
                CopyPanel(x + input, xRow, depth, columns, panel);
                for (int output = firstOutput; output < endOutput; output += Height)
                {
                    float* ahead = panel;
                    nint aheadStep = 0;
                    if (nextX < endInput)
                    {
                        ahead = x + depth * xRow + nextX;
                        aheadStep = xRow;
                        nextX += Prefetch.LineFloats;
                    }
                    else if (nextDy < endOutput)
                    {
                        ahead = dy + depth * dyRow + nextDy;
                        aheadStep = dyRow;
                        nextDy += Prefetch.LineFloats;
                    }

                    float* sums = (float*)_arguments.DWeight.Address + (long)output * _inputs + input;
                    EdgeTile.Multiply<V>(
                        Math.Min(Height, endOutput - output), columns, dy + output, 1, dyRow, panel, V.Count, Width, depth,
                        m > 0 ? sums : null, _inputs, sums, _inputs, ahead, aheadStep, edge);
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

    private static int Share(int total, int part) => (total + part - 1) / part;
}
