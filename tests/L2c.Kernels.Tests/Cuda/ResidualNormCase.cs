namespace L2c.Kernels.Tests.Cuda;

/// <summary>Random operands of the residual norm, and the op in plain C#, in double precision and in fp32.</summary>
internal sealed class ResidualNormCase
{
    private const int Vectors = 6; // as in DiT: shift, scale and gate are the first three of six

    public ResidualNormCase(int seed, int batch, int tokens, int channels, float mean)
    {
        Random random = new(seed);
        (Batch, Tokens, Channels) = (batch, tokens, channels);
        X = Draw(random, batch * tokens * channels, mean);
        Branch = Draw(random, batch * tokens * channels, 0);
        Modulation = Draw(random, batch * Vectors * channels, 0);
    }

    public int Batch { get; }

    public int Tokens { get; }

    public int Channels { get; }

    public int Stride => Vectors * Channels;

    public const float Eps = 1e-6f;

    /// <summary>[B,T,C].</summary>
    public float[] X { get; }

    /// <summary>[B,T,C].</summary>
    public float[] Branch { get; }

    /// <summary>[B,6C]: shift at 0, scale at C, gate at 2C.</summary>
    public float[] Modulation { get; }

    /// <summary>The definition, in double precision throughout.</summary>
    public (double[] XOut, double[] Y) Exact(bool gated = true)
    {
        double[] xOut = new double[X.Length];
        double[] y = new double[X.Length];
        for (int row = 0; row < Batch * Tokens; row++)
        {
            int m = row / Tokens * Stride;
            int at = row * Channels;
            for (int c = 0; c < Channels; c++)
            {
                xOut[at + c] = X[at + c] + ((gated ? Modulation[m + (2 * Channels) + c] : 1.0) * Branch[at + c]);
            }

            double mean = Enumerable.Range(at, Channels).Average(i => xOut[i]);
            double variance = Enumerable.Range(at, Channels).Average(i => (xOut[i] - mean) * (xOut[i] - mean));
            for (int c = 0; c < Channels; c++)
            {
                y[at + c] = ((xOut[at + c] - mean) / Math.Sqrt(variance + Eps) * (1.0 + Modulation[m + Channels + c])) + Modulation[m + c];
            }
        }

        return (xOut, y);
    }

    /// <summary>The same, every operation rounded to fp32 and every sum from left to right: the error that is taken for granted.</summary>
    public (float[] XOut, float[] Y) Naive(bool gated = true)
    {
        float[] xOut = new float[X.Length];
        float[] y = new float[X.Length];
        for (int row = 0; row < Batch * Tokens; row++)
        {
            int m = row / Tokens * Stride;
            int at = row * Channels;
            float sum = 0;
            for (int c = 0; c < Channels; c++)
            {
                xOut[at + c] = X[at + c] + ((gated ? Modulation[m + (2 * Channels) + c] : 1f) * Branch[at + c]);
                sum += xOut[at + c];
            }

            float mean = sum / Channels;
            float squares = 0;
            for (int c = 0; c < Channels; c++)
            {
                squares += (xOut[at + c] - mean) * (xOut[at + c] - mean);
            }

            float reciprocal = 1f / MathF.Sqrt((squares / Channels) + Eps);
            for (int c = 0; c < Channels; c++)
            {
                y[at + c] = ((xOut[at + c] - mean) * reciprocal * (1f + Modulation[m + Channels + c])) + Modulation[m + c];
            }
        }

        return (xOut, y);
    }

    private static float[] Draw(Random random, int count, float mean)
    {
        float[] values = new float[count];
        for (int i = 0; i < count; i++)
        {
            values[i] = mean + (float)Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * (float)Math.Cos(2 * Math.PI * random.NextDouble());
        }

        return values;
    }
}
