using System.Numerics;

namespace L2c.Testing;

public static partial class Reference
{
    /// <summary>w fresh + (1 - w) cached</summary>
    public static T[] Blend<T>(float[] fresh, float[] cached, float weight)
        where T : IFloatingPointIeee754<T>
    {
        var blended = new T[fresh.Length];
        for (int i = 0; i < blended.Length; i++)
        {
            blended[i] = Of<T>(weight) * Of<T>(fresh[i]) + (T.One - Of<T>(weight)) * Of<T>(cached[i]);
        }

        return blended;
    }

    /// <summary>dFresh = w d; dWeight[r] = sum_c d[r,c] (fresh[r,c] - cached[r,c])</summary>
    /// <param name="d">[rows,C].</param>
    /// <param name="fresh">[rows,C].</param>
    /// <param name="cached">[rows,C].</param>
    /// <param name="weight">w.</param>
    /// <param name="channels">C.</param>
    public static (T[] DFresh, T[] DWeight) BlendBackward<T>(float[] d, float[] fresh, float[] cached, float weight, int channels)
        where T : IFloatingPointIeee754<T>
    {
        var dFresh = new T[d.Length];
        var dWeight = new T[d.Length / channels];
        for (int i = 0; i < d.Length; i++)
        {
            dFresh[i] = Of<T>(weight) * Of<T>(d[i]);
            dWeight[i / channels] += Of<T>(d[i]) * (Of<T>(fresh[i]) - Of<T>(cached[i]));
        }

        return (dFresh, dWeight);
    }
}
