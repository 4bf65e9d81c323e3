using System.Numerics;
using System.Runtime.InteropServices;

namespace L2c.Emulation.Counting;

/// <summary>A set of bytes of global memory.</summary>
internal sealed class TouchedBytes
{
    private const int LineBytes = 64;

    private readonly Dictionary<ulong, ulong> _lines = [];

    public long Count => _lines.Values.Sum(mask => (long)BitOperations.PopCount(mask));

    /// <summary>Adds an access.</summary>
    /// <param name="address">A multiple of <paramref name="bytes"/>.</param>
    /// <param name="bytes">At most 16.</param>
    public void Add(ulong address, int bytes) =>
        CollectionsMarshal.GetValueRefOrAddDefault(_lines, address / LineBytes, out _) |= ((1UL << bytes) - 1) << (int)(address % LineBytes);

    /// <summary>The sum of a weight over all bytes.</summary>
    /// <param name="others">At most 64 sets.</param>
    /// <param name="weight">Of a byte, by which of the others have it too: one bit each.</param>
    public double Sum(IReadOnlyList<TouchedBytes> others, Func<ulong, double> weight)
    {
        Dictionary<ulong, long> byMembership = [];
        Span<ulong> masks = stackalloc ulong[others.Count];
        foreach ((ulong line, ulong own) in _lines)
        {
            for (int i = 0; i < others.Count; i++)
            {
                masks[i] = others[i]._lines.GetValueOrDefault(line);
            }

            // Most lines are whole in a set or not in it, so the bytes of a line fall into few classes.
            for (ulong left = own; left != 0;)
            {
                int at = BitOperations.TrailingZeroCount(left);
                (ulong same, ulong membership) = (left, 0);
                for (int i = 0; i < masks.Length; i++)
                {
                    bool has = (masks[i] >> at & 1) != 0;
                    membership |= has ? 1UL << i : 0;
                    same &= has ? masks[i] : ~masks[i];
                }

                CollectionsMarshal.GetValueRefOrAddDefault(byMembership, membership, out _) += BitOperations.PopCount(same);
                left &= ~same;
            }
        }

        return byMembership.Sum(pair => pair.Value * weight(pair.Key));
    }
}
