namespace L2c.Model.Dit;

/// <summary>The sinusoid that the time MLP reads: [cos(t f_i), sin(t f_i)], f_i = 10000^(-i/128), i = 0..127.</summary>
/// <remarks>
/// Source   DiT models.py, TimestepEmbedder.timestep_embedding (after GLIDE). Frequencies and products are rounded to fp32 as there:
/// at t = 999 one unit in the last place of a frequency already moves the cosine by 6e-5.
/// </remarks>
public static class TimestepEmbedding
{
    /// <summary>Width of the embedding: 256 in every published DiT.</summary>
    public const int Width = 256;

    private const double MaxPeriod = 10000;

    /// <summary>Writes one row of <see cref="Width"/> values per timestep.</summary>
    /// <param name="timesteps">Original (not respaced) timesteps.</param>
    /// <param name="destination">Row-major, timesteps x <see cref="Width"/>.</param>
    public static void Fill(ReadOnlySpan<int> timesteps, Span<float> destination)
    {
        const int Half = Width / 2;
        float minusLogPeriod = (float)-Math.Log(MaxPeriod);
        for (int row = 0; row < timesteps.Length; row++)
        {
            Span<float> cosines = destination.Slice(row * Width, Half);
            Span<float> sines = destination.Slice((row * Width) + Half, Half);
            for (int i = 0; i < Half; i++)
            {
                float frequency = (float)Math.Exp(minusLogPeriod * i / Half);
                float angle = timesteps[row] * frequency;
                cosines[i] = (float)Math.Cos(angle);
                sines[i] = (float)Math.Sin(angle);
            }
        }
    }
}
