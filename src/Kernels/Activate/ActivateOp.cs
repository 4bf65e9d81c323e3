using System.Runtime.CompilerServices;

namespace L2c.Kernels;

/// <summary>What <see cref="Device.Activate"/> (no dy) or <see cref="Device.ActivateBackward"/> was called with.</summary>
internal readonly record struct ActivateArguments(Tensor Dy, Tensor X, Tensor Result, Activation Activation) : ICpuOpArguments
{
    /// <inheritdoc/>
    public CpuOp Bind<V>(int threads)
        where V : unmanaged, IFloats<V> => Activation switch
        {
            Activation.Silu => new ActivateOp<V, SiluForm>(this),
            Activation.GeluTanh => new ActivateOp<V, GeluTanhForm>(this),
            Activation.GeluErf => new ActivateOp<V, GeluErfForm>(this),
            Activation.Relu => new ActivateOp<V, ReluForm>(this),
            Activation.None => new ActivateOp<V, IdentityForm>(this),
            _ => throw ActivationForms.Unknown(Activation),
        };
}

/// <summary>act(x), or dy act'(x); some rows per tile.</summary>
internal sealed unsafe class ActivateOp<V, TForm>(ActivateArguments arguments) : CpuOp
    where V : unmanaged, IFloats<V>
    where TForm : struct, IActivationForm
{
    private const int ElementsPerTile = 8 * 1024;

    private readonly ActivateArguments _arguments = arguments;
    private readonly int _rows = arguments.X.Rows;
    private readonly int _columns = arguments.X.Columns;
    private readonly int _rowsPerTile = Math.Max(1, ElementsPerTile / arguments.X.Columns);

    /// <inheritdoc/>
    public override string Name => _arguments.Dy.IsNone ? nameof(Device.Activate) : nameof(Device.ActivateBackward);

    /// <inheritdoc/>
    public override int Tiles => (_rows + _rowsPerTile - 1) / _rowsPerTile;

    /// <inheritdoc/>
    public override long Bytes => sizeof(float) * (long)_rows * _columns * (_arguments.Dy.IsNone ? 2 : 3);

    /// <inheritdoc/>
    public override void Run(int tile, nint scratch)
    {
        int end = Math.Min((tile + 1) * _rowsPerTile, _rows);
        for (int row = tile * _rowsPerTile; row < end; row++)
        {
            float* x = Row(_arguments.X, row), result = Row(_arguments.Result, row);
            if (_arguments.Dy.IsNone)
            {
                Values(x, result, _columns);
            }
            else
            {
                Gradients(Row(_arguments.Dy, row), x, result, _columns);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Values(float* x, float* y, int columns)
    {
        for (int i = 0; i < columns; i += Wide<V>.Count)
        {
            Partial.Store(TForm.Value(Partial.Load<Wide<V>>(x + i, columns - i)), y + i, columns - i);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Gradients(float* dy, float* x, float* dx, int columns)
    {
        for (int i = 0; i < columns; i += V.Count)
        {
            int count = columns - i;
            Partial.Store(Partial.Load<V>(dy + i, count) * TForm.Gradient(Partial.Load<V>(x + i, count)), dx + i, count);
        }
    }

    private static float* Row(in Tensor tensor, int row) => (float*)tensor.Address + (long)row * tensor.RowStride;
}
