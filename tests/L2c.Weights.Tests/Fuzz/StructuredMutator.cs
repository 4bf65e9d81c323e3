using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using L2c.Testing.Files;

namespace L2c.Weights.Tests.Fuzz;

/// <summary>
/// Files that are well-formed but for one part of their structure: a number of the JSON, an opcode of the pickle, a field of the zip directory, the
/// geometry of a tensor. They get past the checks at which random damage ends.
/// </summary>
/// <param name="random">Decides everything.</param>
internal sealed partial class StructuredMutator(Random random)
{
    // The larger one is longer than what a reader fetches at once.
    private const int StorageBytes = 4 << 10, LargeStorageBytes = 128 << 10;

    private static readonly string[] _numbers =
    [
        "0", "-0", "1", "-1", "01", "1.0", "1e2", "1E-2", "0e0", "2147483648", "4294967296", "4611686018427387904", "9223372036854775807",
        "9223372036854775808", "-9223372036854775808", "18446744073709551616", "1e400", "NaN", "0x10", "null", "\"1\"", "[1]", "",
    ];

    private static readonly byte[][] _opcodes =
    [
        .. "NtRb.](})eausQ01"u8.ToArray().Select(letter => new[] { letter }),
        [0x81], [0x85], [0x86], [0x87], [0x88], [0x89], [0x8F], [0x90], [0x91], [0x92], [0x93], [0x94], [0x97], [0x98],
        [(byte)'K', 3], [(byte)'M', 0, 1], [(byte)'J', 255, 255, 255, 255], [0x8A, 0], [0x8A, 2, 0, 128], [0x8B, 9, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
        [(byte)'q', 0], [(byte)'h', 0], [(byte)'h', 1], [(byte)'C', 2, 1, 2], [(byte)'B', 1, 0, 0, 0, 7], [0x8C, 1, (byte)'a'],
        [0x8D, 1, 0, 0, 0, 0, 0, 0, 0, (byte)'b'], [0x8E, 0, 0, 0, 0, 0, 0, 0, 0], [0x96, 1, 0, 0, 0, 0, 0, 0, 0, 1], [0x95, 1, 0, 0, 0, 0, 0, 0, 0],
        .. new (string Module, string Name)[]
        {
            ("torch", "Size"), ("torch", "device"), ("torch", "uint16"), ("torch.storage", "UntypedStorage"), ("torch._utils", "_rebuild_tensor_v3"),
            ("_codecs", "encode"), ("numpy", "dtype"), ("numpy.core.multiarray", "scalar"), ("numpy.core.multiarray", "_reconstruct"),
            ("numpy", "ndarray"), ("builtins", "set"), ("builtins", "bytearray"), ("os", "system"),
        }.Select(global => Encoding.ASCII.GetBytes($"c{global.Module}\n{global.Name}\n")),
    ];

    private static readonly byte[][][] _programs = [Parts(ValidFiles.Pickle(legacy: false)), Parts(OtherValues.Pickle(2)), Parts(OtherValues.Pickle(4))];

    /// <summary>A safetensors file whose header has one to three numbers replaced.</summary>
    public byte[] JsonNumbers()
    {
        StringBuilder header = new("{");
        long at = 0;
        for (int i = 0, count = random.Next(1, 5); i < count; i++)
        {
            long[] shape = [.. Enumerable.Range(0, random.Next(4)).Select(_ => (long)random.Next(4))];
            long end = at + shape.Aggregate(4L, (product, extent) => product * extent);
            _ = header.Append(
                CultureInfo.InvariantCulture,
                $"{(i == 0 ? "" : ",")}\"t{(char)('a' + i)}\":{{\"dtype\":\"F32\",\"shape\":[{string.Join(',', shape)}],\"data_offsets\":[{at},{end}]}}");
            at = end;
        }

        string json = header.Append('}').ToString();
        for (int rounds = random.Next(1, 4); rounds > 0; rounds--)
        {
            Match[] numbers = [.. Number().Matches(json).Cast<Match>()];
            if (numbers.Length > 0)
            {
                Match number = numbers[random.Next(numbers.Length)];
                json = json[..number.Index] + _numbers[random.Next(_numbers.Length)] + json[(number.Index + number.Length)..];
            }
        }

        return FileBytes.Safetensors(new string(' ', random.Next(3) / 2 * random.Next(8)) + json, new byte[at]);
    }

    /// <summary>An archive whose pickle has opcodes removed, repeated, exchanged or put in.</summary>
    public byte[] PickleOpcodes()
    {
        List<byte[]> parts = [.. _programs[random.Next(_programs.Length)]];
        for (int rounds = random.Next(1, 5); rounds > 0 && parts.Count > 2; rounds--)
        {
            // The first two bytes stay: without PROTO nothing is looked at.
            int at = random.Next(1, parts.Count), other = random.Next(1, parts.Count);
            switch (random.Next(5))
            {
                case 0:
                    parts.RemoveAt(at);
                    break;
                case 1:
                    parts.Insert(at, parts[other]);
                    break;
                case 2:
                    (parts[at], parts[other]) = (parts[other], parts[at]);
                    break;
                case 3:
                    parts[at] = _opcodes[random.Next(_opcodes.Length)];
                    break;
                default:
                    parts.Insert(at, _opcodes[random.Next(_opcodes.Length)]);
                    break;
            }
        }

        return FileBytes.TorchZip([.. parts.SelectMany(part => part)], FileBytes.Counting(24), [0, 1, 1]);
    }

    /// <summary>An archive that lies about one or two of its entries, in either header, the descriptor or the zip64 field.</summary>
    public byte[] ZipDirectory()
    {
        List<ZipPart> parts = FileBytes.TorchParts(ValidFiles.Pickle(legacy: false), FileBytes.Counting(24), [0, 1, 1]);
        bool zip64 = random.Next(2) == 0, descriptor = random.Next(2) == 0, deflate = random.Next(3) == 0;
        parts = [.. parts.Select(part => part with { Zip64 = zip64, Descriptor = descriptor, Deflate = deflate })];
        for (int rounds = random.Next(1, 3); rounds > 0; rounds--)
        {
            int at = random.Next(parts.Count);
            ZipPart part = parts[at];
            long number = random.Next(3) == 0 ? random.NextInt64(0, uint.MaxValue) : random.Next(0, 64);
            parts[at] = random.Next(12) switch
            {
                0 => part with { Size = number },
                1 => part with { LocalSize = number },
                2 => part with { Crc = (uint)number },
                3 => part with { LocalCrc = (uint)number },
                4 => part with { Offset = number },
                5 => part with { Method = random.Next(12) },
                6 => part with { LocalMethod = random.Next(2) * 8 },
                7 => part with { Flags = 1 << random.Next(16) },
                8 => part with { Name = parts[random.Next(parts.Count)].Name },
                9 => part with { LocalName = "archive/data/" + random.Next(3).ToString(CultureInfo.InvariantCulture) },
                10 => part with { Zip64 = !part.Zip64 },
                _ => part with { Descriptor = !part.Descriptor },
            };
        }

        return ZipBuilder.Build(parts, zip64End: random.Next(3) == 0, origin: random.Next(8) == 0 ? random.Next(64) : 0);
    }

    /// <summary>An archive of tensors of any rank over one storage: overlapping, repeated, jumping, empty, of many types; most of them lie inside it.</summary>
    public byte[] Geometry()
    {
        (string Storage, int Size)[] typed = [("ByteStorage", 1), ("CharStorage", 1), ("ShortStorage", 2), ("FloatStorage", 4), ("DoubleStorage", 8)];
        (string Name, int Size)[] types = [("uint16", 2), ("uint32", 4), ("uint64", 8), ("int8", 1)];
        int stored = random.Next(8) == 0 ? LargeStorageBytes : StorageBytes;
        bool untyped = random.Next(3) == 0;
        (string name, int size) = untyped ? types[random.Next(types.Length)] : typed[random.Next(typed.Length)];
        PickleBuilder pickle = new PickleBuilder().Op("](");
        for (int count = random.Next(1, 4); count > 0; count--)
        {
            int elements = stored / size, rank = random.Next(random.Next(1, 20));
            long[] extents = new long[rank], strides = new long[rank];
            long room = elements - 1;
            for (int axis = 0; axis < rank; axis++)
            {
                strides[axis] = random.Next(4) switch { 0 => 0, 1 => 1, 2 => random.Next(1, 64), _ => random.Next(1, elements) };
                extents[axis] = random.Next(8) == 0 ? 0 : 1 + random.Next(1 + (int)Math.Min(3, room / Math.Max(strides[axis], 1)));
                room -= Math.Max(extents[axis] - 1, 0) * strides[axis];
            }

            long offset = random.Next(16) == 0 ? random.Next(elements * 2) : random.NextInt64(0, room + 1);
            _ = untyped
                ? pickle.TensorOfType("0", stored, name, offset, extents, strides)
                : pickle.Tensor("0", name, elements, offset, extents, strides);
        }

        return FileBytes.TorchZip(pickle.Op("e").Stop(), new byte[stored]);
    }

    /// <summary>A pickle cut into its opcodes, each with its argument; PROTO is the first.</summary>
    private static byte[][] Parts(byte[] pickle)
    {
        List<byte[]> parts = [];
        for (int at = 0; at < pickle.Length;)
        {
            int length = 1 + pickle[at] switch
            {
                0x80 or (byte)'K' or (byte)'q' or (byte)'h' => 1,
                (byte)'M' => 2,
                (byte)'J' or (byte)'r' or (byte)'j' => 4,
                (byte)'G' or 0x95 => 8,
                0x8A or 0x8C or (byte)'C' => 1 + pickle[at + 1],
                (byte)'X' or (byte)'B' => 4 + BitConverter.ToInt32(pickle, at + 1),
                (byte)'c' => Line(Line(0)),
                _ => 0,
            };
            parts.Add(pickle[at..(at + length)]);
            at += length;

            int Line(int from) => pickle.AsSpan(at + 1 + from).IndexOf((byte)'\n') + 1 + from;
        }

        return [.. parts];
    }

    [GeneratedRegex("[0-9]+(?![0-9]*\")", RegexOptions.CultureInvariant)]
    private static partial Regex Number();
}
