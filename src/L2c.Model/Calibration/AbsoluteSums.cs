using System.Numerics;

namespace L2c.Model.Calibration;

/// <summary>Sums of magnitudes of fp32 values, added up in double precision.</summary>
internal static class AbsoluteSums
{
    /// <summary>Sum of |x|.</summary>
    public static double Of(ReadOnlySpan<float> x)
    {
        Vector<double> sums = Vector<double>.Zero;
        int i = 0;
        for (; i <= x.Length - Vector<float>.Count; i += Vector<float>.Count)
        {
            sums = Add(sums, new Vector<float>(x[i..]));
        }

        double rest = 0;
        for (; i < x.Length; i++)
        {
            rest += MathF.Abs(x[i]);
        }

        return Vector.Sum(sums) + rest;
    }

    /// <summary>Sum of |x - y|, the difference rounded to fp32.</summary>
    /// <param name="x">One.</param>
    /// <param name="y">As long.</param>
    public static double OfDifference(ReadOnlySpan<float> x, ReadOnlySpan<float> y)
    {
        Vector<double> sums = Vector<double>.Zero;
        int i = 0;
        for (; i <= x.Length - Vector<float>.Count; i += Vector<float>.Count)
        {
            sums = Add(sums, new Vector<float>(x[i..]) - new Vector<float>(y[i..]));
        }

        double rest = 0;
        for (; i < x.Length; i++)
        {
            rest += MathF.Abs(x[i] - y[i]);
        }

        return Vector.Sum(sums) + rest;
    }

    private static Vector<double> Add(Vector<double> sums, Vector<float> values)
    {
        Vector.Widen(Vector.Abs(values), out Vector<double> low, out Vector<double> high);
        return sums + low + high;
    }
}
