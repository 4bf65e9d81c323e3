using System.Runtime.Intrinsics;

namespace L2c.Model.Randomness;

/// <summary>Sixteen uniforms to sixteen standard normals (Box and Muller 1958), in the lane order of PyTorch's CPU generator.</summary>
public static class BoxMuller
{
    /// <summary>Values per block: eight radii, then eight angles.</summary>
    public const int BlockLength = 16;

    /// <summary>In place, j = 0..7: R = √(-2 ln(1 - u[j])), θ = 2π u[j+8]; x[j] = R cos θ, x[j+8] = R sin θ.</summary>
    /// <param name="block">At least sixteen floats, the first sixteen in [0, 1) with at most 24 bits, so that 1 - u is exact and positive.</param>
    /// <remarks>|x| ≤ √(48 ln 2) = 5.77; a true normal exceeds that once in 1.2e8 values. Error against exact arithmetic on the same u:
    /// below 3e-6 absolute, most of it from the angle's rounding to float32. A product of -0, of a radius of 0, becomes 0, as PyTorch's last step (times
    /// the deviation, plus the mean) makes it.</remarks>
    public static void Transform(Span<float> block)
    {
        Vector256<float> radiusUniform = Vector256.Create((ReadOnlySpan<float>)block);
        Vector256<float> angleUniform = Vector256.Create((ReadOnlySpan<float>)block[8..]);
        Vector256<float> radius = Vector256.Sqrt(PortableMath.Log(Vector256<float>.One - radiusUniform) * -2f);
        (Vector256<float> sin, Vector256<float> cos) = PortableMath.SinCos(angleUniform * (2f * MathF.PI));
        ((radius * cos) + Vector256<float>.Zero).CopyTo(block);
        ((radius * sin) + Vector256<float>.Zero).CopyTo(block[8..]);
    }
}
