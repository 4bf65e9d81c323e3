using System.Runtime.CompilerServices;
using ILGPU;
using L2c.Kernels.Cuda;

namespace L2c.Kernels;

/// <summary>What is known of one row of scores. While it is gathered, sums are over this lane's columns.</summary>
internal struct FlashRowStatistics
{
    /// <summary>Greatest score so far; from <see cref="Finish"/> on times the scale.</summary>
    public float Maximum;

    /// <summary>Sum of the weights so far; from <see cref="Finish"/> on its inverse.</summary>
    public float Sum;

    /// <summary>Sum of weight times product so far; from <see cref="Finish"/> on divided by the sum of weights.</summary>
    public float Delta;

    /// <summary>Of a row of which nothing has been seen.</summary>
    public static FlashRowStatistics None => new() { Maximum = float.NegativeInfinity, Sum = 0, Delta = 0 };

    /// <summary>Reads what <see cref="Store"/> wrote; a query that does not exist has no weights.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static FlashRowStatistics Load(ulong rows, int query, int tokens)
    {
        int existing = IntrinsicMath.Min(query, tokens - 1);
        FourWords words = FourWords.Load(rows + ((ulong)existing * (AttentionBackwardKernel.Statistics * sizeof(float))));
        return new FlashRowStatistics
        {
            // Without bound, so that no score of a query that does not exist is above it: infinity times no weight is NaN.
            Maximum = query < tokens ? Interop.IntAsFloat(words.X) : float.PositiveInfinity,
            Sum = query < tokens ? Interop.IntAsFloat(words.Y) : 0,
            Delta = Interop.IntAsFloat(words.Z),
        };
    }

    /// <summary>Takes a maximum over this lane's columns in, and rescales the sums to it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Raise(float maximum, float scale)
    {
        maximum = IntrinsicMath.Max(maximum, Warp.ShuffleXor(maximum, 1));
        maximum = IntrinsicMath.Max(maximum, Warp.ShuffleXor(maximum, 2));
        float rescale = Fp32.PowerOfTwoOrZero((Maximum - maximum) * scale);
        Sum *= rescale;
        Delta *= rescale;
        Maximum = maximum;
    }

    /// <summary>Takes a column in.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(float scale, float score, float product)
    {
        float weight = Fp32.PowerOfTwoOrZero(Fp32.MultiplyAdd(score, scale, -(Maximum * scale)));
        Sum += weight;
        Delta = Fp32.MultiplyAdd(weight, product, Delta);
    }

    /// <summary>From here on the maximum is scaled, and the sum is its inverse.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Finish(float scale)
    {
        Maximum *= scale;
        Sum = Fp32.Divide(1, Sum4(Sum));
        Delta = Sum4(Delta) * Sum;
    }

    /// <summary>P of a score.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly float Weight(float scale, float score) => Fp32.PowerOfTwoOrZero(Fp32.MultiplyAdd(score, scale, -Maximum)) * Sum;

    /// <summary>dS of a score, times sqrt(D).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly float Slope(float scale, float score, float product) => Weight(scale, score) * (product - Delta);

    /// <summary>Writes the row's three numbers for the kernel of the keys, if the query exists.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Store(ulong rows, int query, int tokens)
    {
        if (query < tokens)
        {
            ulong at = rows + ((ulong)query * (AttentionBackwardKernel.Statistics * sizeof(float)));
            new FourWords(Interop.FloatAsInt(Maximum), Interop.FloatAsInt(Sum), Interop.FloatAsInt(Delta), 0).Store(at);
        }
    }

    private static float Sum4(float value)
    {
        value += Warp.ShuffleXor(value, 1);
        return value + Warp.ShuffleXor(value, 2);
    }
}
