namespace L2c.Model.Networks;

/// <summary>The sinusoid that stands for a time: [cos(t f_i), sin(t f_i)], f_i = 10000^(-i/h), i = 0..h-1, h half of its width; a zero follows where the
/// width is odd.</summary>
/// <remarks>
/// Source   DiT models.py, TimestepEmbedder.timestep_embedding (after GLIDE); U-ViT libs/uvit.py, timestep_embedding. Frequencies and products are
/// rounded to fp32 as there: at t = 999 one unit in the last place of a frequency already moves the cosine by 6e-5, so the frequencies themselves must
/// be PyTorch's.
/// </remarks>
/// <param name="width">Values per time, at least 2.</param>
public sealed class TimestepEmbedding(int width)
{
    private const double MaxPeriod = 10000;

    private readonly float[] _frequencies =
        [.. Enumerable.Range(0, width / 2).Select(i => Exp((float)-Math.Log(MaxPeriod) * i / (width / 2)))];

    /// <summary>Values per time.</summary>
    public int Width { get; } = width;

    /// <summary>Writes one row of <see cref="Width"/> values per time.</summary>
    /// <param name="times">Times of the training process, whole or between two.</param>
    /// <param name="destination">Row-major, times x <see cref="Width"/>.</param>
    public void Fill(ReadOnlySpan<float> times, Span<float> destination)
    {
        int half = _frequencies.Length;
        for (int row = 0; row < times.Length; row++)
        {
            Span<float> values = destination.Slice(row * Width, Width), cosines = values[..half], sines = values.Slice(half, half);
            for (int i = 0; i < half; i++)
            {
                float angle = times[row] * _frequencies[i];
                cosines[i] = (float)Math.Cos(angle);
                sines[i] = (float)Math.Sin(angle);
            }

            values[(2 * half)..].Clear();
        }
    }

    /// <summary>
    /// exp(x) for x in [-10, 0], rounded as torch.exp rounds on the CPU: within 1 ulp, but not always to nearest (of DiT's 128 frequencies 15 differ).
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
