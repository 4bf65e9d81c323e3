namespace L2c.Model.Randomness;

/// <summary>Philox4x32-10, a counter-based generator: 128 counter bits and 64 key bits to 128 random bits, without state.</summary>
/// <remarks>Source: Salmon, Moraes, Dror and Shaw 2011, "Parallel random numbers: as easy as 1, 2, 3", section 3.3.</remarks>
public static class Philox4x32
{
    private const int Rounds = 10;

    /// <summary>Writes the four words of one counter.</summary>
    /// <param name="key">Key word 0 is the low half.</param>
    /// <param name="c0">Counter word 0.</param>
    /// <param name="c1">Counter word 1.</param>
    /// <param name="c2">Counter word 2.</param>
    /// <param name="c3">Counter word 3.</param>
    /// <param name="words">At least four words.</param>
    public static void Block(ulong key, uint c0, uint c1, uint c2, uint c3, Span<uint> words)
    {
        uint k0 = (uint)key;
        uint k1 = (uint)(key >> 32);
        for (int round = 0; round < Rounds; round++)
        {
            ulong product0 = 0xD2511F53UL * c0;
            ulong product1 = 0xCD9E8D57UL * c2;
            c0 = (uint)(product1 >> 32) ^ c1 ^ k0;
            c1 = (uint)product1;
            c2 = (uint)(product0 >> 32) ^ c3 ^ k1;
            c3 = (uint)product0;
            k0 += 0x9E3779B9u; // 2^32 / golden ratio
            k1 += 0xBB67AE85u; // 2^32 (√3 - 1)
        }

        words[3] = c3;
        words[2] = c2;
        words[1] = c1;
        words[0] = c0;
    }
}
