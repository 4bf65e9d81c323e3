namespace L2c.Model.Randomness;

/// <summary>The 32-bit Mersenne Twister, the engine of PyTorch's CPU generator and of C++ std::mt19937.</summary>
/// <remarks>Source: Matsumoto and Nishimura 1998, with the 2002 initialisation. State: 624 words; period 2^19937 - 1.</remarks>
public sealed class Mt19937
{
    private const int StateWords = 624;
    private const int MiddleWord = 397;

    private readonly uint[] _state = new uint[StateWords];
    private int _next;

    /// <summary>An engine at the start of the stream of <paramref name="seed"/>.</summary>
    public Mt19937(uint seed) => Seed(seed);

    /// <summary>Returns to the start of the stream of <paramref name="seed"/>.</summary>
    public void Seed(uint seed)
    {
        _state[0] = seed;
        for (uint i = 1; i < StateWords; i++)
        {
            uint previous = _state[i - 1];
            _state[i] = (1812433253u * (previous ^ (previous >> 30))) + i;
        }

        _next = StateWords;
    }

    /// <summary>The next 32 bits of the stream.</summary>
    public uint Next()
    {
        if (_next == StateWords)
        {
            Regenerate();
        }

        return Temper(_state[_next++]);
    }

    /// <summary>Fills <paramref name="destination"/> with one word each: u = (word mod 2^24) · 2^-24, exact in float32, in [0, 1).</summary>
    public void FillUniform24(Span<float> destination)
    {
        while (!destination.IsEmpty)
        {
            if (_next == StateWords)
            {
                Regenerate();
            }

            int count = Math.Min(destination.Length, StateWords - _next);
            ReadOnlySpan<uint> words = _state.AsSpan(_next, count);
            Span<float> uniforms = destination[..count];
            for (int i = 0; i < words.Length; i++)
            {
                uniforms[i] = (int)(Temper(words[i]) & 0xFFFFFF) * (1f / (1 << 24));
            }

            _next += count;
            destination = destination[count..];
        }
    }

    private static uint Temper(uint word)
    {
        word ^= word >> 11;
        word ^= (word << 7) & 0x9D2C5680u;
        word ^= (word << 15) & 0xEFC60000u;
        return word ^ (word >> 18);
    }

    /// <summary>Computes the next 624 words in place. Three ranges, because words i + 1 and i + 397 wrap around at different i.</summary>
    private void Regenerate()
    {
        Span<uint> s = _state;
        int i = 0;
        for (; i < StateWords - MiddleWord; i++)
        {
            s[i] = s[i + MiddleWord] ^ Twist(s[i], s[i + 1]);
        }

        for (; i < StateWords - 1; i++)
        {
            s[i] = s[i + MiddleWord - StateWords] ^ Twist(s[i], s[i + 1]);
        }

        s[i] = s[MiddleWord - 1] ^ Twist(s[i], s[0]);
        _next = 0;
    }

    private static uint Twist(uint current, uint following)
    {
        uint joined = (current & 0x80000000u) | (following & 0x7FFFFFFFu);
        return (joined >> 1) ^ ((0u - (following & 1u)) & 0x9908B0DFu);
    }
}
