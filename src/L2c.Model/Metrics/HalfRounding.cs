using System.Runtime.Intrinsics;

namespace L2c.Model.Metrics;

/// <summary>Rounds binary32 to the nearest binary16, ties to even, and keeps it as binary32.</summary>
internal static class HalfRounding
{
    private const uint DroppedBits = 0x1FFF, HalfOfThem = 0xFFF, Sign = 0x8000_0000;
    private const int DroppedCount = 13;
    private const float LeastNormal = 1f / (1 << 14);
    private const float Beyond = 65536;

    // Its neighbours are 2^-24 apart, as the binary16 numbers below the least normal one are.
    private const float Coarse = 0.5f;

    /// <summary>Rounds one.</summary>
    public static float Round(float value) => (float)(Half)value;

    /// <summary>Rounds eight; infinite from 65520 on.</summary>
    public static Vector256<float> Round(Vector256<float> value)
    {
        Vector256<uint> bits = value.AsUInt32(), sign = bits & Vector256.Create(Sign);
        Vector256<uint> odd = (bits >>> DroppedCount) & Vector256<uint>.One;
        Vector256<float> rounded = ((bits + Vector256.Create(HalfOfThem) + odd) & Vector256.Create(~DroppedBits)).AsSingle();
        Vector256<float> infinity = (Vector256.Create(float.PositiveInfinity).AsUInt32() | sign).AsSingle();
        rounded = Vector256.ConditionalSelect(Vector256.GreaterThanOrEqual(Vector256.Abs(rounded), Vector256.Create(Beyond)), infinity, rounded);
        Vector256<float> coarse = (Vector256.Create(Coarse).AsUInt32() | sign).AsSingle();
        Vector256<float> isSmall = Vector256.LessThan(Vector256.Abs(value), Vector256.Create(LeastNormal));
        return Vector256.ConditionalSelect(isSmall, value + coarse - coarse, rounded);
    }
}
