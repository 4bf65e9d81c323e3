using System.Numerics;

namespace L2c.Testing;

/// <summary>What one step of AdamW reads, named as in the paper.</summary>
/// <param name="LearningRate">alpha.</param>
/// <param name="Beta1">Of the first moment.</param>
/// <param name="Beta2">Of the second.</param>
/// <param name="Epsilon">Added to the root.</param>
/// <param name="WeightDecay">lambda.</param>
/// <param name="Step">1 at the first step.</param>
/// <param name="EmaDecay">Of the moving average.</param>
/// <param name="GradientScale">What the gradient is multiplied by.</param>
public sealed record ReferenceAdamW(
    double LearningRate, double Beta1, double Beta2, double Epsilon, double WeightDecay, int Step, double EmaDecay, double GradientScale = 1);

public static partial class Reference
{
    /// <summary>One step of AdamW (Loshchilov and Hutter 2019, algorithm 2, without a schedule factor) and of the moving average of the
    /// weights.</summary>
    public static (T[] W, T[] M, T[] V, T[] Ema) AdamW<T>(float[] w, float[] g, float[] m, float[] v, float[] ema, ReferenceAdamW step)
        where T : IFloatingPointIeee754<T>
    {
        (T[] newW, T[] newM, T[] newV, T[] newEma) = (new T[w.Length], new T[w.Length], new T[w.Length], new T[w.Length]);
        T correction1 = Of<T>(1 / (1 - Math.Pow(step.Beta1, step.Step))), correction2 = Of<T>(1 / (1 - Math.Pow(step.Beta2, step.Step)));
        for (int i = 0; i < w.Length; i++)
        {
            T gradient = Of<T>(step.GradientScale) * Of<T>(g[i]);
            newM[i] = Of<T>(step.Beta1) * Of<T>(m[i]) + Of<T>(1 - step.Beta1) * gradient;
            newV[i] = Of<T>(step.Beta2) * Of<T>(v[i]) + Of<T>(1 - step.Beta2) * gradient * gradient;
            T decayed = Of<T>(w[i]) - Of<T>(step.LearningRate) * Of<T>(step.WeightDecay) * Of<T>(w[i]);
            T root = T.Sqrt(newV[i] * correction2) + Of<T>(step.Epsilon);
            newW[i] = decayed - Of<T>(step.LearningRate) * newM[i] * correction1 / root;
            newEma[i] = Of<T>(step.EmaDecay) * Of<T>(ema[i]) + Of<T>(1 - step.EmaDecay) * newW[i];
        }

        return (newW, newM, newV, newEma);
    }
}
