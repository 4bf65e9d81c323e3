namespace L2c.Model.Networks;

/// <summary>The sinusoid that the time MLP reads: [cos(t f_i), sin(t f_i)], f_i = 10000^(-i/128), i = 0..127.</summary>
/// <remarks>
/// Source   DiT models.py, TimestepEmbedder.timestep_embedding (after GLIDE). Frequencies and products are rounded to fp32 as there:
/// at t = 999 one unit in the last place of a frequency already moves the cosine by 6e-5, so the frequencies themselves must be PyTorch's.
/// </remarks>
public static class TimestepEmbedding
{
    /// <summary>Width of the embedding: 256 in every published DiT.</summary>
    public const int Width = 256;

    private const int Half = Width / 2;
    private const double MaxPeriod = 10000;

    private static readonly float[] _frequencies =
        [.. Enumerable.Range(0, Half).Select(i => Exp((float)-Math.Log(MaxPeriod) * i / Half))];

    /// <summary>Writes one row of <see cref="Width"/> values per time.</summary>
    /// <param name="times">Timesteps of the training process, 0 .. 999, or times between two.</param>
    /// <param name="destination">Row-major, times x <see cref="Width"/>.</param>
    public static void Fill(ReadOnlySpan<float> times, Span<float> destination)
    {
        for (int row = 0; row < times.Length; row++)
        {
            Span<float> cosines = destination.Slice(row * Width, Half), sines = destination.Slice((row * Width) + Half, Half);
            for (int i = 0; i < Half; i++)
            {
                float angle = times[row] * _frequencies[i];
                cosines[i] = (float)Math.Cos(angle);
                sines[i] = (float)Math.Sin(angle);
            }
        }
    }

    /// <summary>
    /// exp(x) for x in [-10, 0], rounded as torch.exp rounds on the CPU: within 1 ulp, but not always to nearest (15 of the 128 frequencies differ).
    /// </summary>
    /// <remarks>
    /// x = q ln 2 + s with ln 2 in two parts, then a polynomial of degree 6 in s, all by FMA (SLEEF's single-precision scheme, which PyTorch uses).
    /// </remarks>
    private static float Exp(float x)
    {
        float q = MathF.Round(x * (float)(1 / Math.Log(2)));
        float s = MathF.FusedMultiplyAdd(q, -0.693145751953125f, x);
        s = MathF.FusedMultiplyAdd(q, -1.428606765330187e-06f, s);
        float u = 1.9852762e-4f;
        u = MathF.FusedMultiplyAdd(u, s, 1.39304355e-3f);
        u = MathF.FusedMultiplyAdd(u, s, 8.33336078e-3f);
        u = MathF.FusedMultiplyAdd(u, s, 4.16664854e-2f);
        u = MathF.FusedMultiplyAdd(u, s, 1.66666672e-1f);
        u = MathF.FusedMultiplyAdd(u, s, 0.5f);
        return MathF.ScaleB(1 + MathF.FusedMultiplyAdd(s * s, u, s), (int)q);
    }
}
