using System.Buffers.Binary;
using System.Text;

namespace L2c.Testing.Files;

/// <summary>Whole files of each format, assembled from their parts in memory.</summary>
public static class FileBytes
{
    /// <summary>The magic number that opens a legacy file of torch.save.</summary>
    public static readonly byte[] LegacyMagic = [0x80, 2, 0x8A, 10, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19, (byte)'.'];

    /// <summary>A safetensors file of this header and buffer.</summary>
    public static byte[] Safetensors(string header, params ReadOnlySpan<byte> buffer) => Safetensors(Encoding.UTF8.GetBytes(header), buffer);

    /// <summary>A safetensors file of this header and buffer; <paramref name="statedLength"/> is the header length it claims, if another.</summary>
    public static byte[] Safetensors(byte[] header, ReadOnlySpan<byte> buffer, ulong? statedLength = null)
    {
        byte[] length = new byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64LittleEndian(length, statedLength ?? (ulong)header.Length);
        return [.. length, .. header, .. buffer];
    }

    /// <summary>A torch.save archive of this pickle and storages "0", "1", ...</summary>
    public static byte[] TorchZip(byte[] pickle, params byte[][] storages) => ZipBuilder.Build(TorchParts(pickle, storages));

    /// <summary>The entries of <see cref="TorchZip"/>, to be changed before they are built.</summary>
    public static List<ZipPart> TorchParts(byte[] pickle, params byte[][] storages) =>
    [
        new("archive/data.pkl", pickle),
        new("archive/byteorder", "little"u8.ToArray()),
        .. storages.Select((bytes, i) => new ZipPart($"archive/data/{i}", bytes)),
        new("archive/version", "3\n"u8.ToArray()),
    ];

    /// <summary>A legacy file of this pickle and storages.</summary>
    public static byte[] TorchLegacy(byte[] pickle, params (string Key, long Count, byte[] Bytes)[] storages) =>
        TorchLegacy(pickle, true, 1001, [.. storages.Select(s => s.Key)], storages);

    /// <summary>A legacy file that may state another byte order, version, or list of keys.</summary>
    public static byte[] TorchLegacy(
        byte[] pickle, bool littleEndian, int version, string[] keys, params (string Key, long Count, byte[] Bytes)[] storages)
    {
        PickleBuilder list = new();
        _ = list.Op("](");
        foreach (string key in keys)
        {
            _ = list.Text(key);
        }

        byte[] facts = new PickleBuilder().Op("}").Text("little_endian").Raw(littleEndian ? (byte)0x88 : (byte)0x89).Op("s").Stop();
        List<byte> file = [.. LegacyMagic, .. new PickleBuilder().Int(version).Stop(), .. facts, .. pickle, .. list.Op("e").Stop()];
        foreach ((_, long count, byte[] bytes) in storages)
        {
            byte[] prefix = new byte[sizeof(long)];
            BinaryPrimitives.WriteInt64LittleEndian(prefix, count);
            file.AddRange(prefix);
            file.AddRange(bytes);
        }

        return [.. file];
    }

    /// <summary>0, 1, 2, ... as bytes.</summary>
    public static byte[] Counting(int length) => [.. Enumerable.Range(0, length).Select(i => (byte)i)];
}
