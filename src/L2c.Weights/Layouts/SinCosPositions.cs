namespace L2c.Weights.Layouts;

/// <summary>DiT's fixed two-dimensional sine-cosine position table.</summary>
/// <remarks>
/// Row r * side + c of [side * side, width]: sin(c w), cos(c w), sin(r w), cos(r w), the column coordinate first, each a quarter of the width,
/// w_i = 10000^(-i / (width / 4)). Computed in double, rounded once. Source: DiT models.py, get_2d_sincos_pos_embed.
/// </remarks>
public static class SinCosPositions
{
    /// <summary>Computes the table.</summary>
    /// <param name="side">Patches per side.</param>
    /// <param name="width">Width C of the residual stream; a multiple of 4.</param>
    /// <returns>[side * side, width], row-major.</returns>
    /// <exception cref="ArgumentException">The width is not a positive multiple of 4.</exception>
    public static float[] Compute(int side, int width)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(side);
        if (width <= 0 || width % 4 != 0)
        {
            throw new ArgumentException($"SinCosPositions: width {width} is not a positive multiple of 4", nameof(width));
        }

        int half = width / 2;
        float[] axis = new float[side * half];
        for (int position = 0; position < side; position++)
        {
            FillAxis(position, axis.AsSpan(position * half, half));
        }

        float[] table = new float[checked(side * side * width)];
        for (int row = 0; row < side; row++)
        {
            for (int column = 0; column < side; column++)
            {
                Span<float> entry = table.AsSpan(((row * side) + column) * width, width);
                axis.AsSpan(column * half, half).CopyTo(entry);
                axis.AsSpan(row * half, half).CopyTo(entry[half..]);
            }
        }

        return table;
    }

    private static void FillAxis(int position, Span<float> sinThenCos)
    {
        int frequencies = sinThenCos.Length / 2;
        for (int i = 0; i < frequencies; i++)
        {
            double angle = position * (1.0 / Math.Pow(10000.0, (double)i / frequencies));
            sinThenCos[i] = (float)Math.Sin(angle);
            sinThenCos[frequencies + i] = (float)Math.Cos(angle);
        }
    }
}
