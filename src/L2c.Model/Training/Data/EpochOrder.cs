using System.Numerics;
using L2c.Model.Randomness;

namespace L2c.Model.Training.Data;

/// <summary>
/// Endless reading of a finite set: every epoch is a permutation of it, and the item at a position is a function of seed, count and position.
/// </summary>
/// <remarks>
/// A keyed bijection needs no table and no state: a Feistel network on the smallest even number of bits that holds the count, its round function
/// Philox4x32-10 with key = seed and counter (right half, round, epoch, a constant of its own), walked until the result is below the count: at most
/// four walks on average, since the network's domain is below four times the count.
/// Sources: Luby and Rackoff 1988, "How to construct pseudorandom permutations from pseudorandom functions"; for the walk, Black and Rogaway 2002,
/// "Ciphers with arbitrary finite domains".
/// </remarks>
public readonly record struct EpochOrder
{
    // Counter word 3: keeps these counters apart from those of other uses of the seed.
    private const uint Domain = 0x4F52_4445;
    private const uint Rounds = 8;

    private readonly ulong _seed;
    private readonly long _count;
    private readonly int _halfBits;

    /// <summary>An order of <paramref name="count"/> items.</summary>
    /// <param name="seed">All 64 bits count.</param>
    /// <param name="count">Items of the set: 1 to 2^62.</param>
    /// <exception cref="ArgumentOutOfRangeException">The count is out of range.</exception>
    public EpochOrder(ulong seed, long count)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, 1L << 62);
        (_seed, _count) = (seed, count);
        _halfBits = Math.Max(1, (65 - BitOperations.LeadingZeroCount((ulong)count - 1)) / 2);
    }

    /// <summary>The item at a position of the endless stream; position / count is the epoch.</summary>
    /// <param name="position">0 or more.</param>
    /// <returns>0 .. count - 1, each once per epoch. Two epochs are alike when their numbers differ by a multiple of 2^32.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The position is negative.</exception>
    public long this[long position]
    {
        get
        {
            ArgumentOutOfRangeException.ThrowIfNegative(position);
            (long epoch, long place) = Math.DivRem(position, _count);
            do
            {
                place = Permute((uint)epoch, place);
            }
            while (place >= _count);

            return place;
        }
    }

    private long Permute(uint epoch, long place)
    {
        uint mask = (uint)((1UL << _halfBits) - 1);
        uint left = (uint)(place >> _halfBits), right = (uint)place & mask;
        Span<uint> words = stackalloc uint[4];
        for (uint round = 0; round < Rounds; round++)
        {
            Philox4x32.Block(_seed, right, round, epoch, Domain, words);
            (left, right) = (right, left ^ (words[0] & mask));
        }

        return ((long)left << _halfBits) | right;
    }
}
