using System.Text;

namespace L2c.Testing.Files;

/// <summary>Small well-formed files of every format: seeds for fuzzing, and the state before a fault is planted.</summary>
public static class ValidFiles
{
    /// <summary>Every dtype, a scalar, an empty tensor, metadata, padding.</summary>
    public static byte[] Safetensors { get; } = MakeSafetensors();

    /// <summary>Two views of one storage, a bool, a Namespace, nested dicts with integer keys; stored entries.</summary>
    public static byte[] TorchZip { get; } = FileBytes.TorchZip(Pickle(legacy: false), FileBytes.Counting(24), [0, 1, 1]);

    /// <summary>The same with deflated entries.</summary>
    public static byte[] TorchZipDeflated { get; } = ZipBuilder.Build(
        [.. FileBytes.TorchParts(Pickle(legacy: false), FileBytes.Counting(24), [0, 1, 1]).Select(p => p with { Deflate = true })]);

    /// <summary>The same with data descriptors, zip64 sizes and zip64 end records.</summary>
    public static byte[] TorchZip64 { get; } = ZipBuilder.Build(
        [.. FileBytes.TorchParts(Pickle(legacy: false), FileBytes.Counting(24), [0, 1, 1]).Select(p => p with { Descriptor = true, Zip64 = true })],
        zip64End: true);

    /// <summary>The same in the legacy form.</summary>
    public static byte[] TorchLegacy { get; } = FileBytes.TorchLegacy(Pickle(legacy: true), ("0", 6, FileBytes.Counting(24)), ("1", 3, [0, 1, 1]));

    /// <summary>Six floats, version 1.0.</summary>
    public static byte[] Npy { get; } = MalformedNpy.File(MalformedNpy.Header("<f4", "False", "(2, 3)"), 24);

    /// <summary>All of them by name.</summary>
    public static IReadOnlyList<(string Name, byte[] Bytes)> All { get; } =
    [
        ("safetensors", Safetensors),
        ("torch-zip", TorchZip),
        ("torch-zip-deflated", TorchZipDeflated),
        ("torch-zip64", TorchZip64),
        ("torch-legacy", TorchLegacy),
        ("npy", Npy),
    ];

    /// <summary>The pickle inside the torch files, whose storages "0" (6 floats) and "1" (3 bools) the caller supplies.</summary>
    public static byte[] Pickle(bool legacy)
    {
        PickleBuilder pickle = new();
        _ = pickle.Op("}q").Raw(0).Op("(");
        _ = pickle.Text("model").Op("}(");
        _ = pickle.Text("w").Tensor("0", "FloatStorage", 6, 0, [2, 3], [3, 1], legacy);
        _ = pickle.Text("transposed").Tensor("0", "FloatStorage", 6, 0, [3, 2], [1, 3], legacy).Op("u");
        _ = pickle.Text("flags").Tensor("1", "BoolStorage", 3, 0, [3], [1], legacy);
        _ = pickle.Text("args").Global("argparse", "Namespace").Op(")").Raw(0x81).Op("}(").Text("lr").Float(0.5).Text("name").Text("DiT").Op("ub");
        _ = pickle.Text("opt").Op("}").Int(7).Op("](").Raw(0x88).Op("NK").Raw(9).Op("es").Op("u");
        return pickle.Stop();
    }

    private static byte[] MakeSafetensors()
    {
        (string Type, int Size)[] types = [("F64", 8), ("F32", 4), ("F16", 2), ("BF16", 2), ("I64", 8), ("I32", 4), ("U8", 1), ("BOOL", 1)];
        StringBuilder header = new("{\"__metadata__\":{\"format\":\"pt\"}");
        int at = 0;
        foreach ((string type, int size) in types)
        {
            _ = header.Append($",\"x.{type}\":{{\"dtype\":\"{type}\",\"shape\":[2,1],\"data_offsets\":[{at},{at + (2 * size)}]}}");
            at += 2 * size;
        }

        _ = header.Append($",\"scalar\":{{\"dtype\":\"U8\",\"shape\":[],\"data_offsets\":[{at},{at + 1}]}}");
        _ = header.Append($",\"empty\":{{\"dtype\":\"F32\",\"shape\":[0,3],\"data_offsets\":[{at},{at}]}}}}   ");
        byte[] buffer = FileBytes.Counting(at + 1);
        buffer[at - 2] = 0;
        buffer[at - 1] = 1;
        return FileBytes.Safetensors(header.ToString(), buffer);
    }
}
