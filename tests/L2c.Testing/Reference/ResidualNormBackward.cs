using System.Numerics;

namespace L2c.Testing;

public static partial class Reference
{
    /// <summary>dBranch[b,t] = gate[b] dx[b,t]; dGate[b] = sum_t dx[b,t] branch[b,t]</summary>
    /// <param name="dx">[B,T,C].</param>
    /// <param name="branch">[B,T,C].</param>
    /// <param name="gate">[R,C]: image b reads row min(b, R - 1); null stands for 1.</param>
    /// <param name="tokens">T.</param>
    /// <param name="channels">C.</param>
    public static (T[] DBranch, T[] DGate) ResidualTermBackward<T>(float[] dx, float[] branch, float[]? gate, int tokens, int channels)
        where T : IFloatingPointIeee754<T>
    {
        var dBranch = new T[dx.Length];
        var dGate = new T[dx.Length / tokens];
        for (int i = 0; i < dx.Length; i++)
        {
            int b = i / (tokens * channels), c = i % channels;
            dBranch[i] = gate is null ? Of<T>(dx[i]) : Of<T>(gate[Math.Min(b, gate.Length / channels - 1) * channels + c]) * Of<T>(dx[i]);
            dGate[b * channels + c] += Of<T>(dx[i]) * Of<T>(branch[i]);
        }

        return (dBranch, dGate);
    }

    /// <summary>With d = gate[b] dx: dSource_k = weight_k scalar_k d; dGate[b] = sum_t dx[b,t] sum_k weight_k scalar_k source_k[b,t];
    /// dScalar[r] = sum_c d[r,c] sum_k slope_k source_k[r,c]</summary>
    /// <param name="dx">[B,T,C].</param>
    /// <param name="terms">Of one branch, whose gate is the first's: [R,C], image b reads row min(b, R - 1); null stands for 1.</param>
    /// <param name="slopes">One per term.</param>
    /// <param name="tokens">T.</param>
    /// <param name="channels">C.</param>
    public static (T[][] DSources, T[] DGate, T[] DScalar) ResidualBranchBackward<T>(
        float[] dx, ReferenceTerm[] terms, float[] slopes, int tokens, int channels)
        where T : IFloatingPointIeee754<T>
    {
        float[]? gate = terms[0].Gate;
        var dSources = Array.ConvertAll(terms, _ => new T[dx.Length]);
        var dGate = new T[dx.Length / tokens];
        var dScalar = new T[dx.Length / channels];
        for (int i = 0; i < dx.Length; i++)
        {
            int b = i / (tokens * channels), c = i % channels;
            T d = gate is null ? Of<T>(dx[i]) : Of<T>(gate[Math.Min(b, gate.Length / channels - 1) * channels + c]) * Of<T>(dx[i]);
            T branch = T.Zero, slope = T.Zero;
            for (int k = 0; k < terms.Length; k++)
            {
                dSources[k][i] = Of<T>(terms[k].Weight) * Of<T>(terms[k].Scalar) * d;
                branch += terms[k].At<T>(i);
                slope += Of<T>(slopes[k]) * Of<T>(terms[k].Source[i]);
            }

            dGate[b * channels + c] += Of<T>(dx[i]) * branch;
            dScalar[i / channels] += d * slope;
        }

        return (dSources, dGate, dScalar);
    }

    /// <summary>
    /// dxOut = dxIn + (g - mean(g) - n mean(g n)) / sqrt(variance + epsilon), n = LN(x), g = dy (1 + scale[b]) or dy weight; sums of dy n and dy
    /// over the tokens of an image, or over all rows.
    /// </summary>
    /// <param name="x">[B,T,C].</param>
    /// <param name="scale">[R,C] of a modulated norm (image b reads row min(b, R - 1)), or the weight [C].</param>
    /// <param name="isAffine">Whether <paramref name="scale"/> is a weight.</param>
    /// <param name="dy">[B,T,C].</param>
    /// <param name="dxIn">[B,T,C]; null for zero.</param>
    /// <param name="tokens">T.</param>
    /// <param name="channels">C.</param>
    /// <param name="epsilon">Added to the variance.</param>
    /// <returns>[B,T,C], and twice [B,C], or [C] of an affine norm.</returns>
    public static (T[] DxOut, T[] DScale, T[] DShift) NormBackward<T>(
        float[] x, float[] scale, bool isAffine, float[] dy, float[]? dxIn, int tokens, int channels, double epsilon)
        where T : IFloatingPointIeee754<T>
    {
        T[] normal = LayerNorm(Array.ConvertAll(x, Of<T>), channels, epsilon);
        var dxOut = new T[x.Length];
        var dScale = new T[isAffine ? channels : x.Length / tokens];
        var dShift = new T[dScale.Length];
        T count = T.CreateChecked(channels);
        for (int row = 0; row < x.Length; row += channels)
        {
            int image = row / (tokens * channels);
            int vector = isAffine ? 0 : Math.Min(image, scale.Length / channels - 1) * channels, sums = isAffine ? 0 : image * channels;
            T[] g = new T[channels];
            T mean = T.Zero, variance = T.Zero, meanG = T.Zero, meanGn = T.Zero;
            for (int c = 0; c < channels; c++)
            {
                g[c] = Of<T>(dy[row + c]) * ((isAffine ? T.Zero : T.One) + Of<T>(scale[vector + c]));
                mean += Of<T>(x[row + c]) / count;
                meanG += g[c] / count;
                meanGn += g[c] * normal[row + c] / count;
                dScale[sums + c] += Of<T>(dy[row + c]) * normal[row + c];
                dShift[sums + c] += Of<T>(dy[row + c]);
            }

            for (int c = 0; c < channels; c++)
            {
                variance += (Of<T>(x[row + c]) - mean) * (Of<T>(x[row + c]) - mean) / count;
            }

            for (int c = 0; c < channels; c++)
            {
                T before = dxIn is null ? T.Zero : Of<T>(dxIn[row + c]);
                dxOut[row + c] = before + (g[c] - meanG - normal[row + c] * meanGn) / T.Sqrt(variance + Of<T>(epsilon));
            }
        }

        return (dxOut, dScale, dShift);
    }
}
