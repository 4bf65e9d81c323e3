using System.Numerics;
using L2c.Emulation.Machine;

namespace L2c.Emulation.Counting;

/// <summary>What the memory units make of the addresses of one warp request.</summary>
internal static class Transactions
{
    private const int SectorBytes = 32, Banks = 32, WordBytes = 4;

    /// <summary>Sectors that a request to global memory touches, and that its distinct bytes would fill.</summary>
    /// <param name="addresses">Of every lane; those of the others are not looked at.</param>
    /// <param name="lanes">Lanes that take part; at least one.</param>
    /// <param name="bytes">Of one lane, at most 16; addresses are multiples of it.</param>
    public static (int Touched, int Minimum) Sectors(ReadOnlySpan<ulong> addresses, uint lanes, int bytes)
    {
        Span<ulong> sectors = stackalloc ulong[Warp.Lanes];
        Span<uint> touched = stackalloc uint[Warp.Lanes];
        int count = 0;
        uint own = (1u << bytes) - 1;
        for (uint left = lanes; left != 0; left &= left - 1)
        {
            ulong address = addresses[BitOperations.TrailingZeroCount(left)];
            ulong sector = address / SectorBytes;
            int at = count - 1;
            while (at >= 0 && sectors[at] != sector)
            {
                at--;
            }

            if (at < 0)
            {
                (at, sectors[count], touched[count]) = (count, sector, 0);
                count++;
            }

            touched[at] |= own << (int)(address % SectorBytes);
        }

        int distinct = 0;
        for (int i = 0; i < count; i++)
        {
            distinct += BitOperations.PopCount(touched[i]);
        }

        return (count, (distinct + SectorBytes - 1) / SectorBytes);
    }

    /// <summary>Wavefronts that a request to shared memory takes, and that it would take without bank conflicts.</summary>
    /// <remarks>A wavefront gives one word of each of the 32 banks, to any number of lanes: CUDA C++ programming guide, shared memory of compute
    /// capability 5.x and later. That accesses of 8 bytes go by half-warps and of 16 bytes by quarter-warps is assumed: the guide does not say
    /// so.</remarks>
    /// <inheritdoc cref="Sectors"/>
    public static (int Taken, int Minimum) Wavefronts(ReadOnlySpan<ulong> addresses, uint lanes, int bytes)
    {
        int group = bytes switch { 16 => 8, 8 => 16, _ => Warp.Lanes };
        uint members = uint.MaxValue >> (Warp.Lanes - group);
        (int taken, int minimum) = (0, 0);
        for (int first = 0; first < Warp.Lanes; first += group)
        {
            uint part = lanes & (members << first);
            if (part != 0)
            {
                (int own, int least) = Group(addresses, part, bytes);
                taken += own;
                minimum += least;
            }
        }

        return (taken, minimum);
    }

    // At most 32 words: all of a group that is served together.
    private static (int Taken, int Minimum) Group(ReadOnlySpan<ulong> addresses, uint lanes, int bytes)
    {
        Span<ulong> words = stackalloc ulong[Warp.Lanes];
        Span<int> ofBank = stackalloc int[Banks];
        ofBank.Clear();
        (int count, int most) = (0, 0);
        for (uint left = lanes; left != 0; left &= left - 1)
        {
            ulong address = addresses[BitOperations.TrailingZeroCount(left)];
            for (int offset = 0; offset < bytes; offset += WordBytes)
            {
                ulong word = (address + (ulong)offset) / WordBytes;
                if (!words[..count].Contains(word))
                {
                    words[count++] = word;
                    most = Math.Max(most, ++ofBank[(int)(word % Banks)]);
                }
            }
        }

        return (most, (count + Banks - 1) / Banks);
    }
}
