using L2c.Testing.Files;

namespace L2c.Weights.Tests;

/// <summary>A state dict beside which lies what training scripts leave in checkpoints: sizes, dtypes, bytes, sets, numbers of NumPy, keys of other kinds.</summary>
internal static class OtherValues
{
    /// <summary>The pickle of such a dict, as protocol 2 or 4 writes it. Storage "0" is six floats.</summary>
    public static byte[] Pickle(int protocol)
    {
        bool new4 = protocol >= 4;
        PickleBuilder pickle = new();
        _ = pickle.Op("}(");
        _ = Text("w").Tensor("0", "FloatStorage", 6, 0, [2, 3], [3, 1]);
        _ = Text("shape").Global("torch", "Size").Ints(2, 3).Raw(0x85).Op("R");
        _ = Text("dtype").Global("torch", "float32");
        _ = Text("device").Global("torch", "device").Text("cuda").Int(0).Raw(0x86).Op("R");
        _ = Text("lr");
        _ = Scalar("f8", BitConverter.GetBytes(0.25));
        _ = Text("epoch");
        _ = Scalar("i4", BitConverter.GetBytes(-7));
        _ = Text("blob");
        _ = Bytes(FileBytes.Counting(20));
        _ = Text("seen");
        _ = new4 ? pickle.Raw(0x8F).Op("(K").Raw(1).Raw(0x90) : pickle.Global("__builtin__", "set").Op("](K").Raw(1).Op("e").Raw(0x85).Op("R");
        _ = Text("seed").Raw(0x8A, 9, 1, 2, 3, 4, 5, 6, 7, 8, 9);
        _ = Text("rng").Global("numpy.core.multiarray", "_reconstruct").Global("numpy", "ndarray").Int(0).Raw(0x85);
        _ = Bytes("b"u8.ToArray()).Raw(0x87).Op("R(K").Raw(1).Ints(20);
        _ = Type("u1").Raw(0x89);
        _ = Bytes(FileBytes.Counting(20)).Op("tb");
        _ = pickle.Raw(0x88).Op("K").Raw(1); // True: 1
        _ = Bytes("k"u8.ToArray()).Op("N").Op("NK").Raw(2).Float(0.5).Op("K").Raw(3).Op(")K").Raw(4).Op("u");
        byte[] body = pickle.Stop();
        if (!new4)
        {
            return body;
        }

        byte[] inner = body[2..];
        return [0x80, (byte)protocol, 0x95, .. BitConverter.GetBytes((long)inner.Length), .. inner];

        PickleBuilder Text(string text) => new4 ? pickle.Raw(0x8C, (byte)text.Length).Raw(System.Text.Encoding.ASCII.GetBytes(text)).Raw(0x94) : pickle.Text(text);

        PickleBuilder Bytes(byte[] bytes) => new4
            ? pickle.Op("C").Raw((byte)bytes.Length).Raw(bytes)
            : pickle.Global("_codecs", "encode").Text(System.Text.Encoding.Latin1.GetString(bytes)).Text("latin1").Raw(0x86).Op("R");

        PickleBuilder Type(string code) =>
            pickle.Global("numpy", "dtype").Text(code).Raw(0x89, 0x88, 0x87).Op("R(K").Raw(3).Text("<").Op("NNNJ").Int32(-1).Op("J").Int32(-1).Op("K").Raw(0).Op("tb");

        PickleBuilder Scalar(string code, byte[] value)
        {
            _ = new4 ? Text("numpy.core.multiarray") : pickle.Global("numpy.core.multiarray", "scalar");
            if (new4)
            {
                _ = Text("scalar").Raw(0x93);
            }

            _ = Type(code);
            return Bytes(value).Raw(0x86).Op("R");
        }
    }
}
