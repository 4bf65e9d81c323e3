namespace L2c.Model.Randomness;

/// <summary>Standard normal noise in which each value depends on (seed, image, draw, element) alone: never on batch, device or thread.</summary>
/// <remarks>
/// Element e is number e mod 16 of Box-Muller block e / 16, whose sixteen words are Philox4x32-10 with key = seed and counters
/// (4·(e / 16) + k, draw, image, 0), k = 0..3; a word w gives u = (w >> 8) · 2^-24. The same bits on every machine (<see cref="PortableMath"/>).
/// The last counter word is 0 here; others belong to training (<see cref="Training.TrainingDraws"/>), so that no two uses of a seed share a value.
/// Changing any of this changes every picture that a seed names.
/// </remarks>
public static class CounterNoise
{
    private const int WordsPerCounter = 4;

    /// <summary>Fills elements 0 .. of one draw for one image.</summary>
    /// <param name="seed">The seed of the run; all 64 bits count.</param>
    /// <param name="image">Index of the image under that seed, not its row in a batch; ≥ 0.</param>
    /// <param name="draw">0 is x_T; 1, 2, ... the noise of the evaluations in sampling order.</param>
    /// <param name="destination">Values of the image in row-major [C, H, W]; a shorter span gets the same leading values.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="image"/> or <paramref name="draw"/> is negative.</exception>
    public static void Fill(ulong seed, int image, int draw, Span<float> destination)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(image);
        ArgumentOutOfRangeException.ThrowIfNegative(draw);
        Fill(seed, (uint)draw, (uint)image, 0, destination);
    }

    /// <summary>As the public form, with the last three counter words given.</summary>
    internal static void Fill(ulong seed, uint c1, uint c2, uint c3, Span<float> destination)
    {
        uint c0 = 0;
        for (; destination.Length >= BoxMuller.BlockLength; destination = destination[BoxMuller.BlockLength..])
        {
            FillBlock(seed, ref c0, c1, c2, c3, destination);
        }

        if (!destination.IsEmpty)
        {
            Span<float> block = stackalloc float[BoxMuller.BlockLength];
            FillBlock(seed, ref c0, c1, c2, c3, block);
            block[..destination.Length].CopyTo(destination);
        }
    }

    private static void FillBlock(ulong seed, ref uint c0, uint c1, uint c2, uint c3, Span<float> block)
    {
        Span<uint> words = stackalloc uint[WordsPerCounter];
        for (int i = 0; i < BoxMuller.BlockLength; i += WordsPerCounter)
        {
            Philox4x32.Block(seed, c0++, c1, c2, c3, words);
            for (int k = 0; k < WordsPerCounter; k++)
            {
                block[i + k] = (int)(words[k] >> 8) * (1f / (1 << 24));
            }
        }

        BoxMuller.Transform(block);
    }
}
