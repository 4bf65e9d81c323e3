namespace L2c.Weights.Zip;

/// <summary>One entry of a zip archive, as its central directory states it and its local header confirms it.</summary>
/// <param name="Name">Path inside the archive.</param>
/// <param name="Deflated">Whether the bytes are deflated; otherwise they are stored.</param>
/// <param name="HasDescriptor">Whether checksum and sizes follow the data once more.</param>
/// <param name="Crc">CRC-32 of the uncompressed bytes.</param>
/// <param name="CompressedSize">Bytes in the archive.</param>
/// <param name="Size">Bytes when read.</param>
/// <param name="HeaderOffset">Where the local header starts.</param>
internal sealed record ZipEntry(
    string Name, bool Deflated, bool HasDescriptor, uint Crc, long CompressedSize, long Size, long HeaderOffset)
{
    /// <summary>Where the entry's bytes start, known from the local header.</summary>
    public long DataOffset { get; init; }
}
