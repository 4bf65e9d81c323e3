namespace L2c.Testing;

public static partial class Reference
{
    private const int Mantissa = 7, LeastExponent = -126;

    /// <summary>The nearest bfloat16, of two equally near ones the even one, computed in double precision. Beyond the largest: infinite.</summary>
    /// <param name="value">Any number.</param>
    /// <param name="mode">How it is rounded; another than the default is a planted fault.</param>
    public static float BFloat16(float value, MidpointRounding mode = MidpointRounding.ToEven)
    {
        if (value == 0 || !float.IsFinite(value))
        {
            return value;
        }

        // One unit of the last place kept; subnormals share that of the smallest normal number. Scaling by powers of two is exact.
        int unit = Math.Max(Math.ILogB(value), LeastExponent) - Mantissa;
        double rounded = Math.ScaleB(Math.Round(Math.ScaleB((double)value, -unit), mode), unit);
        return Math.Abs(rounded) >= Math.ScaleB(1, 128) ? (float)(Math.Sign(rounded) * double.PositiveInfinity) : (float)rounded;
    }
}
