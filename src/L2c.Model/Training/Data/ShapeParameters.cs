using L2c.Model.Randomness;

namespace L2c.Model.Training.Data;

/// <summary>What one picture of <see cref="ShapesData"/> shows. Lengths are in half pictures: the picture is [-1, 1] x [-1, 1], y down.</summary>
/// <param name="Label">Kind of shape, 0..9.</param>
/// <param name="Radius">Scale of the shape, uniform in [0.45, 0.75).</param>
/// <param name="CentreX">Uniform in ±(0.85 - radius).</param>
/// <param name="CentreY">Uniform in ±(0.85 - radius).</param>
/// <param name="Angle">Rotation and direction of the background's gradient, radians, uniform in ±π/4.</param>
/// <param name="Hue">Of the foreground, uniform in [0, 1).</param>
/// <param name="Saturation">Of the foreground, uniform in [0.6, 1).</param>
/// <param name="Brightness">Of the foreground, uniform in [0.8, 1).</param>
/// <param name="GroundHue">Of the background: the foreground's plus a uniform in [0.3, 0.7), modulo 1.</param>
/// <param name="GroundSaturation">Of the background, uniform in [0.2, 0.6).</param>
/// <param name="GroundBrightness">Of the background, uniform in [0.1, 0.4).</param>
public readonly record struct ShapeParameters(
    int Label,
    float Radius,
    float CentreX,
    float CentreY,
    float Angle,
    float Hue,
    float Saturation,
    float Brightness,
    float GroundHue,
    float GroundSaturation,
    float GroundBrightness)
{
    // Counter word 3: keeps these counters apart from those of CounterNoise, which has 0 there, under the same seed.
    private const uint Domain = 0x5348_4150;
    private const int WordsPerCounter = 4;

    /// <summary>The parameters of item <paramref name="index"/>.</summary>
    /// <param name="seed">Seed of the set.</param>
    /// <param name="index">0 or more.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="index"/> is negative.</exception>
    public static ShapeParameters Draw(ulong seed, long index)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        Span<uint> words = stackalloc uint[3 * WordsPerCounter];
        for (uint k = 0; k < 3; k++)
        {
            Philox4x32.Block(seed, k, (uint)index, (uint)(index >> 32), Domain, words[((int)k * WordsPerCounter)..]);
        }

        float radius = Uniform(words[1], 0.45f, 0.75f), room = 0.85f - radius, hue = Uniform(words[5], 0, 1);
        return new ShapeParameters(
            (int)(((ulong)words[0] * (ulong)ShapesData.ClassNames.Count) >> 32),
            radius,
            Uniform(words[2], -room, room),
            Uniform(words[3], -room, room),
            Uniform(words[4], -MathF.PI / 4, MathF.PI / 4),
            hue,
            Uniform(words[6], 0.6f, 1),
            Uniform(words[7], 0.8f, 1),
            (hue + Uniform(words[8], 0.3f, 0.7f)) % 1,
            Uniform(words[9], 0.2f, 0.6f),
            Uniform(words[10], 0.1f, 0.4f));
    }

    // 24 bits are what a float holds; scaling may round up to the upper end, which no use of these parameters minds.
    private static float Uniform(uint word, float low, float high) => low + ((high - low) * ((int)(word >> 8) * (1f / (1 << 24))));
}
