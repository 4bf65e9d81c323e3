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
/// While a block is multiplied, the micro-kernel asks for the next one, a cache line's column of x or of dy per tile of its own; without that up to
/// half of the time goes into waiting.
/// </remarks>
internal sealed unsafe class LinearWeightGradientOp<V> : CpuOp
    where V : unmanaged, IFloats<V>
{
    private const int MaxDepth = 128;
    private const int MaxOutputs = 256;
    private const int MaxPanels = 8;
    private const int MinOutputs = 64; // below, copying x shows
    private const int MinPanels = 2; // below, lines of x are read in pieces
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
        _depth = Ceiling.Divide(_rows, Ceiling.Divide(_rows, MaxDepth));
        int outputTiles = Ceiling.Divide(_outputs, MaxOutputs), inputTiles = Ceiling.Divide(_inputs, MaxPanels * Width);
        while (outputTiles * inputTiles < TilesPerThread * threads)
        {
            int outputs = Ceiling.Divide(_outputs, outputTiles), inputs = Ceiling.Divide(_inputs, inputTiles);
            bool canCutOutputs = outputs > MinOutputs, canCutInputs = inputs > MinPanels * Width;
            if (canCutOutputs && (outputs >= inputs || !canCutInputs))
            {
                outputTiles++;
            }
            else if (canCutInputs)
            {
                inputTiles++;
            }
            else
            {
                break;
            }
        }

        _outputsPerTile = Ceiling.Divide(Ceiling.Divide(_outputs, outputTiles), Height) * Height;
        _inputsPerTile = Ceiling.Divide(Ceiling.Divide(_inputs, inputTiles), V.Count) * V.Count;
        _inputTiles = Ceiling.Divide(_inputs, _inputsPerTile);
        Tiles = Ceiling.Divide(_outputs, _outputsPerTile) * _inputTiles;
    }

    /// <inheritdoc/>
    public override string Name => nameof(Device.LinearWeightGradient);

    /// <inheritdoc/>
    public override int Tiles { get; }

    /// <inheritdoc/>
    public override long ScratchBytes =>
        sizeof(float) * (EdgeTile.ScratchFloats<V>() + (long)_depth * Width) + _outputsPerTile / Height * sizeof(RowRun);

    /// <inheritdoc/>
    public override long Flops => 2L * _rows * _outputs * _inputs;

    /// <inheritdoc/>
    public override long Bytes => sizeof(float) * ((long)_rows * (_inputs + _outputs) + (long)_outputs * _inputs);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Run(int tile, nint scratch)
    {
        int firstOutput = tile / _inputTiles * _outputsPerTile, outputs = Math.Min(_outputsPerTile, _outputs - firstOutput);
        int firstInput = tile % _inputTiles * _inputsPerTile, inputs = Math.Min(_inputsPerTile, _inputs - firstInput);
        nint dyRow = _arguments.Dy.RowStride, xRow = _arguments.X.RowStride;
        float* dy = (float*)_arguments.Dy.Address + firstOutput, x = (float*)_arguments.X.Address + firstInput;
        float* dWeight = (float*)_arguments.DWeight.Address + (long)firstOutput * _inputs + firstInput;
        float* edge = (float*)scratch, panel = edge + EdgeTile.ScratchFloats<V>();
        var runs = (RowRun*)(panel + (nint)_depth * Width);
        for (int m = 0, depth; m < _rows; m += depth)
        {
            depth = Math.Min(_depth, _rows - m);
            for (int i = 0; i < outputs; i += Height)
            {
                runs[i / Height] = new RowRun(dy + m * dyRow + i, 1, depth);
            }

            // Behind the last block there is nothing to ask for.
            bool isLast = m + depth == _rows;
            float* nextX = x + (m + depth) * xRow, endX = isLast ? nextX : nextX + inputs;
            float* nextDy = dy + (m + depth) * dyRow, endDy = isLast ? nextDy : nextDy + outputs;
            for (int input = 0, width; input < inputs; input += width)
            {
                width = MicroKernel.NextVectors<V>(inputs - input) * V.Count;
                int count = Math.Min(width, inputs - input);
                CopyPanel(x + m * xRow + input, xRow, depth, count, width, panel);
                for (int i = 0; i < outputs; i += Height)
                {
                    RowRun* run = runs + i / Height;
                    if (nextX < endX)
                    {
                        run->Ahead = nextX;
                        run->AheadStep = xRow;
                        nextX += Prefetch.LineFloats;
                    }
                    else if (nextDy < endDy)
                    {
                        run->Ahead = nextDy;
                        run->AheadStep = dyRow;
                        nextDy += Prefetch.LineFloats;
                    }
                    else
                    {
                        run->Ahead = panel;
                        run->AheadStep = 0;
                    }
                }

                float* sums = dWeight + input;
                TileOperands tiles = new(runs, dyRow, panel, V.Count, width, m > 0 ? sums : null, _inputs, sums, _inputs);
                EdgeTile.Multiply<V>(outputs, count, tiles, edge);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void CopyPanel(float* x, nint xRow, int depth, int columns, int width, float* panel)
    {
        for (int m = 0; m < depth; m++, x += xRow, panel += width)
        {
            for (int j = 0; j < columns; j += V.Count)
            {
                V.Store(Partial.Load<V>(x + j, columns - j), panel + j);
            }
        }
    }
}
