namespace L2c.Kernels;

/// <summary>The CPU's layout of a weight: panels of <c>width</c> outputs, each [K, width] row-major, outputs beyond N zero.</summary>
/// <remarks>The micro-kernel reads a panel front to back, one row of outputs per k.</remarks>
internal static class PackedWeight
{
    /// <summary>Number of panels.</summary>
    public static int Panels(int outputs, int width) => (outputs + width - 1) / width;

    /// <summary>Bytes of the packed form, padding included.</summary>
    public static long Bytes(int outputs, int inputs, int width) => (long)Panels(outputs, width) * width * inputs * sizeof(float);
}

/// <summary>Writes rows of a weight into its panels; one panel is one tile.</summary>
internal sealed unsafe class PackWeight(Matrix matrix, int firstOutput, int count, float* source, int width) : CpuOp
{
    private readonly int _firstPanel = firstOutput / width;

    /// <inheritdoc/>
    public override string Name => nameof(Device.WriteMatrix);

    /// <inheritdoc/>
    public override int Tiles => (firstOutput + count - 1) / width - _firstPanel + 1;

    /// <inheritdoc/>
    public override long Bytes => 2L * count * matrix.Inputs * sizeof(float);

    /// <inheritdoc/>
    public override void Run(int tile, nint scratch)
    {
        int panel = _firstPanel + tile, inputs = matrix.Inputs;
        int first = Math.Max(firstOutput, panel * width), end = Math.Min(firstOutput + count, (panel + 1) * width);

        // Whoever writes the last output clears the padding behind it.
        int padding = end == matrix.Outputs ? (panel + 1) * width - end : 0;
        float* row = source + (long)(first - firstOutput) * inputs;
        float* target = (float*)matrix.Address + (long)panel * width * inputs + (first - panel * width);
        for (int k = 0; k < inputs; k++, target += width)
        {
            int rows = end - first;
            for (int i = 0; i < rows; i++)
            {
                target[i] = row[(long)i * inputs + k];
            }

            for (int i = 0; i < padding; i++)
            {
                target[rows + i] = 0;
            }
        }
    }
}
