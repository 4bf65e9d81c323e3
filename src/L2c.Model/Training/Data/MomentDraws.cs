using L2c.Model.Autoencoder;
using L2c.Model.Randomness;

namespace L2c.Model.Training.Data;

/// <summary>Latents drawn from moments, each anew: what is drawn is a function of (seed, position) alone, so no generator has a state.</summary>
/// <remarks>
/// Philox4x32-10 with key = seed and counters (element block, position mod 2^32, position / 2^32, a constant of its own): noise as
/// <see cref="CounterNoise"/>, and, with another constant, the view from one word, each of two with probability 1/2. A position in the data is that
/// of a step, a draw and an image (<see cref="TrainingDraws.Position"/>).
/// </remarks>
/// <param name="seed">All 64 bits count.</param>
/// <param name="scale">From the autoencoder's latents to the network's.</param>
internal sealed class MomentDraws(ulong seed, double scale)
{
    // Counter word 3: keeps these counters apart from those of other uses of the seed.
    private const uint NoiseDomain = 0x4D4F_4D45, ViewDomain = 0x5649_4557;

    /// <summary>Which view of the item at a position is taken.</summary>
    public int View(long position, int views)
    {
        Span<uint> words = stackalloc uint[4];
        Philox4x32.Block(seed, 0, (uint)position, (uint)(position >> 32), ViewDomain, words);
        return (int)(((ulong)words[0] * (uint)views) >> 32);
    }

    /// <summary>Draws the latent at a position.</summary>
    /// <param name="position">0 or more.</param>
    /// <param name="moments">[2C,H,H].</param>
    /// <param name="latent">Receives [C,H,H], as the network reads it.</param>
    public void Draw(long position, ReadOnlySpan<float> moments, Span<float> latent)
    {
        CounterNoise.Fill(seed, (uint)position, (uint)(position >> 32), NoiseDomain, latent);
        LatentMoments.Sample(moments, latent, scale, latent.Length, latent);
    }
}
