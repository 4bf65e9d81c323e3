using System.Buffers.Binary;
using System.Text;
using L2c.Testing.Files;

namespace L2c.Weights.Tests.Fuzz;

/// <summary>Derives a hostile file from a seed number: the same number gives the same bytes.</summary>
/// <remarks>
/// A third of the inputs damage a whole file, where checksums and directories catch most of it. A third damage or invent the pickle or the
/// JSON alone and wrap it correctly, so that the inner parsers see it. The last third are of <see cref="StructuredMutator"/>.
/// </remarks>
internal sealed class Mutator
{
    private static readonly long[] _edges =
    [
        0, 1, -1, 2, 127, 128, 255, 256, short.MaxValue, ushort.MaxValue, int.MaxValue, int.MinValue, uint.MaxValue, 1L << 32, 1L << 62,
        long.MaxValue, long.MinValue,
    ];

    private static readonly string[] _jsonPieces =
    [
        "{", "}", "[", "]", ",", ":", "\"", "\\u0000", "\\uD800", "-1", "1e9", "9223372036854775807", "4294967296", "null", "true", "\"F32\"",
        "\"F8_E5M2\"", "\"BOOL\"", "\"dtype\"", "\"shape\"", "\"data_offsets\"", "\"__metadata__\"", "[0,0]", "[]", "{}", " ",
    ];

    private readonly Random _random;

    private Mutator(int seed) => _random = new Random(seed);

    /// <summary>What the seed number stands for, and the bytes.</summary>
    public static (string Kind, byte[] Bytes) Make(int seed)
    {
        Mutator mutator = new(seed);
        StructuredMutator structured = new(mutator._random);
        return mutator._random.Next(15) switch
        {
            0 => ("safetensors", FileBytes.Safetensors(mutator.Damage(ValidFiles.Safetensors[8..^60]), ValidFiles.Safetensors.AsSpan()[^60..])),
            1 => ("safetensors", FileBytes.Safetensors(mutator.Json())),
            2 => ("torch-zip", FileBytes.TorchZip(mutator.Damage(ValidFiles.Pickle(legacy: false)), FileBytes.Counting(24), [0, 1, 1])),
            3 => ("torch-zip", FileBytes.TorchZip(mutator.Operations(), FileBytes.Counting(24), [0, 1, 1])),
            4 => ("torch-zip", FileBytes.TorchZip(mutator.Views(), FileBytes.Counting(24), [0, 1, 1])),
            5 => ("json-numbers", structured.JsonNumbers()),
            6 or 7 => ("pickle-opcodes", structured.PickleOpcodes()),
            8 => ("zip-directory", structured.ZipDirectory()),
            9 => ("tensor-geometry", structured.Geometry()),
            _ => mutator.WholeFile(),
        };
    }

    private (string Kind, byte[] Bytes) WholeFile()
    {
        (string name, byte[] bytes) = ValidFiles.All[_random.Next(ValidFiles.All.Count)];
        return (name, Damage(bytes));
    }

    /// <summary>One to four of: bit flips, a number replaced by an edge case, a cut, a block copied, inserted or removed.</summary>
    private byte[] Damage(byte[] original)
    {
        List<byte> bytes = [.. original];
        for (int rounds = 1 + (_random.Next(8) / 5 * _random.Next(4)); rounds > 0 && bytes.Count > 0; rounds--)
        {
            int at = _random.Next(bytes.Count);
            switch (_random.Next(6))
            {
                case 0:
                    bytes[at] ^= (byte)(1 << _random.Next(8));
                    break;
                case 1:
                    ReplaceNumber(bytes, at);
                    break;
                case 2:
                    bytes.RemoveRange(at, bytes.Count - at);
                    break;
                case 3:
                    bytes.RemoveRange(at, Math.Min(_random.Next(1, 16), bytes.Count - at));
                    break;
                case 4:
                    bytes.InsertRange(at, Block(bytes));
                    break;
                default:
                    (_, byte[] other) = ValidFiles.All[_random.Next(ValidFiles.All.Count)];
                    bytes.InsertRange(at, Block([.. other]));
                    break;
            }
        }

        return [.. bytes];
    }

    private void ReplaceNumber(List<byte> bytes, int at)
    {
        byte[] number = new byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(number, _edges[_random.Next(_edges.Length)]);
        int length = 1 << _random.Next(4);
        for (int i = 0; i < length && at + i < bytes.Count; i++)
        {
            bytes[at + i] = number[i];
        }
    }

    private List<byte> Block(List<byte> bytes)
    {
        int from = _random.Next(bytes.Count);
        return bytes.GetRange(from, Math.Min(_random.Next(1, 64), bytes.Count - from));
    }

    /// <summary>A header of valid pieces in a random order, or a valid one with a few of them put in.</summary>
    private string Json()
    {
        StringBuilder json = new(_random.Next(2) == 0 ? "{" : "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}");
        for (int count = _random.Next(1, 12); count > 0; count--)
        {
            _ = json.Insert(_random.Next(1, json.Length + 1), _jsonPieces[_random.Next(_jsonPieces.Length)]);
        }

        return json.ToString();
    }

    /// <summary>A list of views of one storage, of which some fit it.</summary>
    private byte[] Views()
    {
        PickleBuilder pickle = new PickleBuilder().Op("](");
        for (int count = _random.Next(1, 4); count > 0; count--)
        {
            long[] size = new long[_random.Next(5)], stride = new long[size.Length];
            for (int axis = 0; axis < size.Length; axis++)
            {
                size[axis] = _random.Next(4);
                stride[axis] = _random.Next(4) == 0 ? _edges[_random.Next(_edges.Length)] : _random.Next(3);
            }

            _ = pickle.Tensor("0", "FloatStorage", 6, _random.Next(4), size, stride);
        }

        return pickle.Op("e").Stop();
    }

    /// <summary>A pickle of random allowed opcodes with plausible arguments.</summary>
    private byte[] Operations()
    {
        PickleBuilder pickle = new();
        for (int count = _random.Next(1, 60); count > 0; count--)
        {
            _ = _random.Next(16) switch
            {
                0 => pickle.Op("("),
                1 => pickle.Op("}"),
                2 => pickle.Op("]"),
                3 => pickle.Op(")"),
                4 => pickle.Op("teusabR"[_random.Next(7)].ToString()),
                5 => pickle.Raw((byte)_random.Next(0x81, 0x8A)),
                6 => pickle.Op("q").Raw((byte)_random.Next(4)),
                7 => pickle.Op("h").Raw((byte)_random.Next(4)),
                8 => pickle.Int(_edges[_random.Next(_edges.Length)]),
                9 => pickle.Text(((char)_random.Next('a', 'e')).ToString()),
                10 => pickle.Global("collections", "OrderedDict").Op(")R"),
                11 => pickle.Global("argparse", "Namespace").Op(")").Raw(0x81),
                12 => pickle.Storage(_random.Next(3).ToString(), "FloatStorage", 6),
                13 => pickle.Tensor("0", "FloatStorage", 6, _random.Next(7), [_random.Next(4), _random.Next(4)], [_random.Next(4), _random.Next(4)]),
                14 => pickle.Tensor("1", "BoolStorage", 3, 0, [_edges[_random.Next(_edges.Length)]], [_edges[_random.Next(_edges.Length)]]),
                _ => pickle.Op("N"),
            };
        }

        return pickle.Stop();
    }
}
