using System.Security.Cryptography;
using L2c.Weights;

namespace L2c;

/// <summary>What tells files apart by their content.</summary>
internal static class FileHash
{
    /// <summary>SHA-256 of a file, as 64 hexadecimal digits.</summary>
    /// <exception cref="IOException">It is not there, or cannot be read.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public static string Sha256(string path, CancellationToken cancel)
    {
        using ByteSource source = ByteSource.OpenFile(path);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        byte[] buffer = new byte[1 << 20];
        for (long at = 0; at < source.Length; at += buffer.Length)
        {
            cancel.ThrowIfCancellationRequested();
            Span<byte> part = buffer.AsSpan(0, (int)Math.Min(buffer.Length, source.Length - at));
            source.ReadExactly(at, part);
            hash.AppendData(part);
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
