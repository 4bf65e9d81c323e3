using System.Runtime.Intrinsics;

namespace L2c.Model.Randomness;

/// <summary>Natural logarithm, sine and cosine of eight floats, with the same bits on every machine.</summary>
/// <remarks>
/// Only exactly rounded operations are used (+, -, ·, √, fused multiply-add, integer operations), in a fixed order, so the bits do not
/// depend on the C library, the processor or the just-in-time compiler; without FMA instructions the runtime computes the same
/// fused results in software, slowly. <see cref="MathF.Log(float)"/> and its like promise no bits at all.
/// The polynomials are those of the Cephes library (S. Moshier), evaluated in the order of PyTorch's AVX2 path, which
/// <see cref="TorchGenerator"/> must reproduce bit for bit.
/// Accuracy over the arguments that Box-Muller has (every u of 24 bits was tried): log 1 ulp, sine and cosine 8e-8 absolute.
/// </remarks>
public static class PortableMath
{
    /// <summary>ln x for normal x &gt; 0, per lane.</summary>
    /// <remarks>x = m · 2^e with m in [√½, √2); ln m = r - r²/2 + r³·p(r), r = m - 1; ln 2 in two parts, 0.693359375 - 2.12194440e-4.</remarks>
    public static Vector256<float> Log(Vector256<float> x)
    {
        Vector256<uint> bits = x.AsUInt32();
        Vector256<float> e = Vector256.ConvertToSingle(Vector256.ShiftRightLogical(bits, 23).AsInt32() - Vector256.Create(126));
        Vector256<float> m = ((bits & Vector256.Create(0x007FFFFFu)) | Vector256.Create(0x3F000000u)).AsSingle(); // [½, 1)
        Vector256<float> isSmall = Vector256.LessThan(m, Vector256.Create(0.707106781186547524f));
        e -= isSmall & Vector256<float>.One;
        Vector256<float> r = m - Vector256<float>.One + (isSmall & m);
        Vector256<float> r2 = r * r;

        Vector256<float> p = Vector256.Create(7.0376836292E-2f);
        p = Fma(p, r, -1.1514610310E-1f);
        p = Fma(p, r, 1.1676998740E-1f);
        p = Fma(p, r, -1.2420140846E-1f);
        p = Fma(p, r, 1.4249322787E-1f);
        p = Fma(p, r, -1.6668057665E-1f);
        p = Fma(p, r, 2.0000714765E-1f);
        p = Fma(p, r, -2.4999993993E-1f);
        p = Fma(p, r, 3.3333331174E-1f);
        Vector256<float> y = p * r;
        y = Vector256.FusedMultiplyAdd(y, r2, e * -2.12194440e-4f);
        y = Vector256.FusedMultiplyAdd(r2, Vector256.Create(-0.5f), y);
        return Vector256.FusedMultiplyAdd(e, Vector256.Create(0.693359375f), r + y);
    }

    /// <summary>sin x and cos x for 0 ≤ x ≤ 8192 (radians), per lane.</summary>
    /// <remarks>x is reduced by the nearest even number j of octants, with π/4 in three parts; then one polynomial each on [-π/4, π/4].</remarks>
    public static (Vector256<float> Sin, Vector256<float> Cos) SinCos(Vector256<float> x)
    {
        Vector256<int> j = Vector256.ConvertToInt32Native(x * 1.27323954473516f); // 4/π
        j = (j + Vector256<int>.One) & Vector256.Create(~1);
        Vector256<float> octants = Vector256.ConvertToSingle(j);
        Vector256<float> r = Vector256.FusedMultiplyAdd(octants, Vector256.Create(-0.78515625f), x);
        r = Vector256.FusedMultiplyAdd(octants, Vector256.Create(-2.4187564849853515625e-4f), r);
        r = Vector256.FusedMultiplyAdd(octants, Vector256.Create(-3.77489497744594108e-8f), r);
        Vector256<float> r2 = r * r;

        Vector256<float> c = Vector256.Create(2.443315711809948E-5f);
        c = Fma(c, r2, -1.388731625493765E-3f);
        c = Fma(c, r2, 4.166664568298827E-2f);
        c = Vector256.FusedMultiplyAdd(c * r2, r2, r2 * -0.5f) + Vector256<float>.One;

        Vector256<float> s = Vector256.Create(-1.9515295891E-4f);
        s = Fma(s, r2, 8.3321608736E-3f);
        s = Fma(s, r2, -1.6666654611E-1f);
        s = Vector256.FusedMultiplyAdd(s * r2, r, r);

        // Octants 2, 3, 6, 7 exchange the two; the signs are those of the quadrant.
        Vector256<float> keep = Vector256.Equals(j & Vector256.Create(2), Vector256<int>.Zero).AsSingle();
        Vector256<float> sinSign = Vector256.ShiftLeft(j & Vector256.Create(4), 29).AsSingle();
        Vector256<float> cosSign = Vector256.ShiftLeft(~(j - Vector256.Create(2)) & Vector256.Create(4), 29).AsSingle();
        return (Vector256.ConditionalSelect(keep, s, c) ^ sinSign, Vector256.ConditionalSelect(keep, c, s) ^ cosSign);
    }

    private static Vector256<float> Fma(Vector256<float> a, Vector256<float> b, float c) =>
        Vector256.FusedMultiplyAdd(a, b, Vector256.Create(c));
}
