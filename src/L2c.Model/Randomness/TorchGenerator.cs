namespace L2c.Model.Randomness;

/// <summary>PyTorch's CPU generator: torch.manual_seed(s) followed by float32 torch.randn calls, bit for bit.</summary>
/// <remarks>
/// Reproduced: PyTorch 1.13 on a processor with AVX2. PyTorch itself gives other last bits (up to 2e-6) elsewhere; this class gives the
/// AVX2 bits on every machine. One exception: calls of fewer than sixteen values use the C library's double-precision log, sin and cos,
/// as PyTorch does, and a last bit that differs there reaches the rounded float about once in 2^28 values.
/// Not safe for use by several threads at once.
/// </remarks>
public sealed class TorchGenerator
{
    private readonly Mt19937 _engine;
    private double? _cachedNormal;

    /// <summary>A generator after torch.manual_seed(<paramref name="seed"/>).</summary>
    /// <param name="seed">Only the low 32 bits count, as in PyTorch. A negative seed s is passed as 2^64 + s.</param>
    public TorchGenerator(ulong seed) => _engine = new Mt19937((uint)seed);

    /// <summary>torch.manual_seed(<paramref name="seed"/>): restarts the stream and forgets the cached normal.</summary>
    public void ManualSeed(ulong seed)
    {
        _engine.Seed((uint)seed);
        _cachedNormal = null;
    }

    /// <summary>torch.randn of a contiguous tensor with as many elements as <paramref name="destination"/>.</summary>
    /// <remarks>The values depend on the length of the call, not only on the position in the stream: PyTorch's rule.</remarks>
    public void Randn(Span<float> destination)
    {
        if (destination.Length >= BoxMuller.BlockLength)
        {
            FillBlocks(destination);
        }
        else
        {
            FillPairs(destination);
        }
    }

    private void FillBlocks(Span<float> destination)
    {
        _engine.FillUniform24(destination);
        int start = 0;
        for (; start <= destination.Length - BoxMuller.BlockLength; start += BoxMuller.BlockLength)
        {
            BoxMuller.Transform(destination[start..]);
        }

        if (start != destination.Length)
        {
            // The last sixteen outputs are drawn again, overwriting finished ones.
            Span<float> tail = destination[^BoxMuller.BlockLength..];
            _engine.FillUniform24(tail);
            BoxMuller.Transform(tail);
        }
    }

    private void FillPairs(Span<float> destination)
    {
        foreach (ref float value in destination)
        {
            if (_cachedNormal is double cached)
            {
                value = (float)cached;
                _cachedNormal = null;
                continue;
            }

            double angleUniform = NextUniform53();
            double radiusUniform = NextUniform53();
            double radius = Math.Sqrt(-2 * Math.Log(1 - radiusUniform)); // 1 - u is exact: no log1p needed
            double angle = 2 * Math.PI * angleUniform;
            _cachedNormal = radius * Math.Sin(angle);
            value = (float)(radius * Math.Cos(angle));
        }
    }

    private double NextUniform53()
    {
        ulong high = _engine.Next();
        ulong word = (high << 32) | _engine.Next();
        return (word & ((1UL << 53) - 1)) * (1.0 / (1UL << 53));
    }
}
