using System.Buffers.Binary;

namespace L2c.Testing.Files;

/// <summary>Torch archives whose zip container is damaged or forged, one fault each.</summary>
internal static class MalformedZips
{
    private static readonly byte[] _pickle = ValidFiles.Pickle(legacy: false);

    public static IReadOnlyList<MalformedFile> All { get; } =
    [
        new("zip-cut-at-10", ValidFiles.TorchZip[..10], "no end record"),
        new("zip-cut-at-quarter", ValidFiles.TorchZip[..(ValidFiles.TorchZip.Length / 4)], "no end record"),
        new("zip-cut-at-half", ValidFiles.TorchZip[..(ValidFiles.TorchZip.Length / 2)], "no end record"),
        new("zip-cut-last-byte", ValidFiles.TorchZip[..^1], "no end record"),
        new("zip64-cut-last-byte", ValidFiles.TorchZip64[..^1], "no end record"),
        new("zip-byte-appended", [.. ValidFiles.TorchZip, 0], "no end record"),
        new("zip-empty", ZipBuilder.Build([]), "0 entries NAME/data.pkl"),
        new("zip-front-missing", [.. "PK\x3\x4"u8, .. ValidFiles.TorchZip[40..]], "does not end at the end record"),
        new("zip-version-0", With("archive/version", part => part with { Bytes = "0\n"u8.ToArray() }), "has no version from 1 to 10"),
        new("zip-version-11", With("archive/version", part => part with { Bytes = "11\n"u8.ToArray() }), "has no version from 1 to 10"),
        new("zip-version-text", With("archive/version", part => part with { Bytes = "three\n"u8.ToArray() }), "has no version from 1 to 10"),
        new("zip-no-pickle", ZipBuilder.Build([new ZipPart("archive/version", [51])]), "0 entries NAME/data.pkl"),
        new("zip-two-pickles", ZipBuilder.Build([new ZipPart("a/data.pkl", _pickle), new ZipPart("b/data.pkl", _pickle)]), "2 entries NAME/data.pkl"),
        new("zip-crc-flip-storage", With("archive/data/0", p => p with { Crc = 1, LocalCrc = 1 }), "checksum of entry archive/data/0"),
        new("zip-byte-flip-storage", FlipFloat(ValidFiles.TorchZip), "checksum of entry archive/data/0"),
        new("zip-byte-flip-bool", With("archive/data/1", p => p with { Crc = 1, LocalCrc = 1 }), "checksum of entry archive/data/1"),
        new("zip-crc-flip-pickle", With("archive/data.pkl", p => p with { Crc = 1, LocalCrc = 1 }), "checksum of entry archive/data.pkl"),
        new("zip-crc-flip-deflated", With("archive/data/0", p => p with { Crc = 1, LocalCrc = 1, Deflate = true }), "checksum of entry"),
        new("zip-local-name-differs", With("archive/data/0", p => p with { LocalName = "archive/data/9" }), "has another name"),
        new("zip-local-name-shorter", With("archive/data/0", p => p with { LocalName = "archive" }), "has another name"),
        new("zip-local-size-differs", With("archive/data/0", p => p with { LocalSize = 4 }), "has another size or checksum"),
        new("zip-local-crc-differs", With("archive/data/0", p => p with { LocalCrc = 7 }), "has another size or checksum"),
        new("zip-local-method-differs", With("archive/data/0", p => p with { LocalMethod = 8 }), "has another compression"),
        new("zip-descriptor-size-differs", With("archive/data/0", p => p with { Descriptor = true, LocalSize = 4 }), "has another data descriptor"),
        new("zip-descriptor-crc-differs", With("archive/data/0", p => p with { Descriptor = true, LocalCrc = 4 }), "has another data descriptor"),
        new("zip-local-header-missing", With("archive/data.pkl", p => p with { Offset = 1 }), "has another position"),
        new("zip-local-header-outside", With("archive/data/0", p => p with { Offset = 1 << 30 }), "has another position"),
        new("zip-name-twice", Duplicate(), "two entries are named archive/data/0"),
        new("zip-entries-overlap", Overlap(), "overlaps another"),
        new("zip-encrypted", With("archive/data/0", p => p with { Flags = 1 }), "is encrypted"),
        new("zip-encrypted-strong", With("archive/data/0", p => p with { Flags = 0x40 }), "is encrypted"),
        new("zip-method-bzip2", With("archive/data/0", p => p with { Method = 12 }), "compression method 12"),
        new("zip-stored-two-sizes", With("archive/data/0", p => p with { Size = 25 }), "is stored but has sizes"),
        new("zip-not-deflated", With("archive/data/0", p => p with { Method = 8 }), "archive/data/0"),
        new("zip-bomb-ratio", With("archive/data/0", p => new ZipPart(p.Name, new byte[8 << 20]) { Deflate = true }), "past the limits"),
        new("zip-bomb-pickle", With("archive/data.pkl", p => new ZipPart(p.Name, new byte[60 << 20]) { Deflate = true }), "past the limits"),
        new("zip-bomb-2GiB-stated", With("archive/data/0", p => p with { Deflate = true, Size = 1L << 31 }), "past the limits"),
        new("zip-bomb-understated", Storage0(new byte[8 << 20], size: 24), "does not inflate to"),
        new("zip-bomb-total", ManyBombs(), "expand to more than"),
        new("zip-inflates-short", Storage0(new byte[8], size: 24), "does not inflate to"),
        new("zip-big-endian", With("archive/byteorder", p => new ZipPart(p.Name, "big"u8.ToArray())), "not little-endian"),
        new("zip-storage-missing", With("archive/data/0", p => p with { Name = "archive/data/5" }), "storage 0 is not in the archive"),
        new("zip-storage-short", With("archive/data/0", p => new ZipPart(p.Name, new byte[20])), "has 20 bytes instead of 24"),
        new("zip-pickle-trailing", With("archive/data.pkl", p => new ZipPart(p.Name, [.. _pickle, 0])), "after its pickle"),
        new("zip-directory-offset-wrong", Patch(ValidFiles.TorchZip, 6, 77), "does not end at the end record"),
        new("zip-directory-size-wrong", Patch(ValidFiles.TorchZip, 10, 5), "does not end at the end record"),
        new("zip-count-too-large", PatchCount(ValidFiles.TorchZip, 60_000), "entry of the central directory is missing"),
        new("zip-count-too-small", PatchCount(ValidFiles.TorchZip, 2), "after its last entry"),
        new("zip-several-disks", Patch(ValidFiles.TorchZip, 18, 1), "several disks"),
        new("zip64-locator-outside", Patch(ValidFiles.TorchZip64, 22 + 12, uint.MaxValue), "zip64 locator points outside"),
        new("zip64-record-missing", Patch(ValidFiles.TorchZip64, 22 + 20 + 56, 0), "zip64 end record is missing"),
        new("zip64-record-disagrees", Patch(ValidFiles.TorchZip64, 22 + 20 + 8, 5), "two end records disagree"),
        new("zip64-size-2^63", With("archive/data/0", p => p with { Zip64 = true, Size = long.MinValue }), "impossible sizes"),
    ];

    private static byte[] With(string name, Func<ZipPart, ZipPart> change) =>
        ZipBuilder.Build([.. Parts().Select(p => p.Name == name ? change(p) : p)]);

    private static List<ZipPart> Parts() => FileBytes.TorchParts(_pickle, FileBytes.Counting(24), [0, 1, 1]);

    private static byte[] Duplicate() => ZipBuilder.Build([.. Parts(), new ZipPart("archive/data/0", new byte[24])]);

    /// <summary>A second entry, of another name, whose local header lies inside the data of the first.</summary>
    private static byte[] Overlap()
    {
        byte[] inner = ZipBuilder.Build([new ZipPart("archive/extra", [1, 2, 3])]);
        ZipPart outer = new("archive/big", inner[..(30 + 13 + 3)]);
        return ZipBuilder.Build([outer, new ZipPart("archive/extra", [1, 2, 3]) { Offset = 30 + outer.Name.Length }, .. Parts()]);
    }

    private static byte[] ManyBombs()
    {
        // Each is as large as a small entry may be at any ratio; it is their number that makes them too large.
        ZipPart one = new("", [0]) { Method = 8, Size = 1 << 20 };
        return ZipBuilder.Build([.. Enumerable.Range(0, 1100).Select(i => one with { Name = $"archive/x{i}" }), .. Parts()]);
    }

    private static byte[] FlipFloat(byte[] file)
    {
        byte[] changed = [.. file];
        int at = changed.AsSpan().IndexOf(FileBytes.Counting(24));
        changed[at + 13] ^= 0x10;
        return changed;
    }

    /// <summary>Replaces 32 bits at a distance from the end of the file.</summary>
    private static byte[] Patch(byte[] file, int fromEnd, uint value)
    {
        byte[] changed = [.. file];
        BinaryPrimitives.WriteUInt32LittleEndian(changed.AsSpan(changed.Length - fromEnd), value);
        return changed;
    }

    private static byte[] PatchCount(byte[] file, ushort count)
    {
        byte[] changed = [.. file];
        BinaryPrimitives.WriteUInt16LittleEndian(changed.AsSpan(changed.Length - 14), count);
        BinaryPrimitives.WriteUInt16LittleEndian(changed.AsSpan(changed.Length - 12), count);
        return changed;
    }

    private static byte[] Storage0(byte[] bytes, long size) =>
        With("archive/data/0", p => new ZipPart(p.Name, bytes) { Deflate = true, Size = size });
}
