using System.Numerics;

namespace L2c.Model.Randomness;

/// <summary>NumPy's <c>RandomState(seed).permutation(n)</c>, number for number.</summary>
/// <remarks>Fisher and Yates from the end; an index is drawn by masking 32 bits until it is small enough. Source: NumPy's documentation of RandomState,
/// whose stream is frozen.</remarks>
public static class NumpyShuffle
{
    /// <summary>The permutation of 0 .. <paramref name="count"/> - 1.</summary>
    /// <param name="count">n.</param>
    /// <param name="seed">Of the generator.</param>
    public static int[] Permutation(int count, uint seed)
    {
        Mt19937 engine = new(seed);
        int[] order = new int[count];
        for (int i = 0; i < count; i++)
        {
            order[i] = i;
        }

        for (int last = count - 1; last > 0; last--)
        {
            uint mask = BitOperations.RoundUpToPowerOf2((uint)last + 1) - 1, drawn;
            do
            {
                drawn = engine.Next() & mask;
            }
            while (drawn > last);
            (order[last], order[drawn]) = (order[drawn], order[last]);
        }

        return order;
    }
}
