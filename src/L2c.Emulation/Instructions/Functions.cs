namespace L2c.Emulation.Instructions;

// The .approx functions are computed in double and rounded once. The device's own results differ by the few units in the last place that the
// PTX ISA allows, so equality with a device is not to be expected of them.
internal readonly struct Reciprocal : IUnary<float, float>
{
    public static float Of(float a) => NaNs.Canonical(1f / a);
}

internal readonly struct ReciprocalDouble : IUnary<double, double>
{
    public static double Of(double a) => 1.0 / a;
}

internal readonly struct SquareRoot : IUnary<float, float>
{
    public static float Of(float a) => NaNs.Canonical(MathF.Sqrt(a));
}

internal readonly struct SquareRootDouble : IUnary<double, double>
{
    public static double Of(double a) => Math.Sqrt(a);
}

internal readonly struct ReciprocalSquareRoot : IUnary<float, float>
{
    public static float Of(float a) => NaNs.Canonical((float)(1.0 / Math.Sqrt(a)));
}

internal readonly struct ReciprocalSquareRootDouble : IUnary<double, double>
{
    public static double Of(double a) => 1.0 / Math.Sqrt(a);
}

internal readonly struct Exponential2 : IUnary<float, float>
{
    // 2^a = 2^n · e^(f ln 2) with a whole n; far less work than Math.Pow, and as good to the last bit of a float.
    public static float Of(float a)
    {
        double clamped = Math.Clamp(a, -200.0, 200.0);
        double whole = Math.Round(clamped);
        double power = BitConverter.Int64BitsToDouble((long)(whole + 1023) << 52);
        return NaNs.Canonical((float)(Math.Exp((clamped - whole) * 0.6931471805599453) * power));
    }
}

internal readonly struct Logarithm2 : IUnary<float, float>
{
    public static float Of(float a) => NaNs.Canonical((float)Math.Log2(a));
}

internal readonly struct Sine : IUnary<float, float>
{
    public static float Of(float a) => NaNs.Canonical((float)Math.Sin(a));
}

internal readonly struct Cosine : IUnary<float, float>
{
    public static float Of(float a) => NaNs.Canonical((float)Math.Cos(a));
}

internal readonly struct HyperbolicTangent : IUnary<float, float>
{
    public static float Of(float a) => NaNs.Canonical((float)Math.Tanh(a));
}
