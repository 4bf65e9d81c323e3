namespace L2c.Kernels;

public unsafe partial class CpuDevice
{
    /// <inheritdoc/>
    internal protected override long MatrixBytes(int outputs, int inputs) => PackedWeight.Bytes(outputs, inputs, PanelWidth);

    /// <inheritdoc/>
    internal protected override Matrix SliceOutputs(Matrix matrix, int first)
    {
        int at = matrix.SkippedOutputs + first, skipped = at % PanelWidth;
        long bytes = PackedWeight.Bytes(at - skipped, PackedWeight.Inputs(matrix), PanelWidth);
        return matrix with { Address = matrix.Address + (nint)bytes, SkippedOutputs = skipped };
    }

    /// <inheritdoc/>
    internal protected override Matrix SliceInputs(Matrix matrix, int first) => matrix with
    {
        Address = matrix.Address + (nint)((long)first * PanelWidth * sizeof(float)),
        Pitch = PackedWeight.Inputs(matrix),
    };

    /// <inheritdoc/>
    public override void WriteMatrix(Matrix matrix, int firstOutput, ReadOnlySpan<float> rows)
    {
        RequireIdle(nameof(WriteMatrix));
        int count = rows.Length / matrix.Inputs;
        if (matrix.Device != this || matrix.IsTransposed || matrix.IsSlice
            || rows.Length % matrix.Inputs != 0 || firstOutput < 0 || firstOutput + count > matrix.Outputs)
        {
            throw new ArgumentException(
                $"WriteMatrix: {rows.Length} values at row {firstOutput} do not match weight [{matrix.Outputs}, {matrix.Inputs}] of {Name}");
        }

        if (count > 0)
        {
            fixed (float* source = rows)
            {
                _team.Run(new PackRows(nameof(WriteMatrix), matrix, firstOutput, count, source, PanelWidth));
            }
        }
    }

    /// <inheritdoc/>
    protected override void LinearCore(Tensor x, Matrix weight, Tensor bias, Tensor y, Activation activation, bool accumulates)
    {
        RequireOwn(nameof(Linear), DType.F32, x, bias, y);
        RequireOwn(nameof(Linear), weight);
        Enqueue(new LinearArguments(x, weight, bias, y, activation, accumulates));
    }

    private void RequireOwn(string op, Matrix weight)
    {
        if (weight.Device != this)
        {
            throw new ArgumentException($"{op}: weight [{weight.Outputs}, {weight.Inputs}] is not on {Name}");
        }
    }

    private int PanelWidth => MicroKernel.PanelVectors * _instructionSet switch
    {
        InstructionSet.Avx512 => F32x16.Count,
        InstructionSet.Avx2 => F32x8.Count,
        _ => F32x4.Count,
    };
}
