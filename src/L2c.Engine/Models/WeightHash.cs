using System.Runtime.InteropServices;
using System.Security.Cryptography;
using L2c.Model;

namespace L2c;

/// <summary>Tells weights apart: the SHA-256 of all values that were read through it, in the order of reading.</summary>
/// <param name="read">Gives the weights.</param>
internal sealed class WeightHash(WeightReader read) : IDisposable
{
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

    /// <summary>A <see cref="WeightReader"/>.</summary>
    public void Read(string name, Span<float> destination)
    {
        read(name, destination);
        _hash.AppendData(MemoryMarshal.AsBytes(destination));
    }

    /// <summary>The hash so far, in hexadecimal.</summary>
    public string Text() => Convert.ToHexStringLower(_hash.GetCurrentHash());

    /// <inheritdoc/>
    public void Dispose() => _hash.Dispose();
}
