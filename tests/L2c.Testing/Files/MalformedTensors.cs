using static L2c.Testing.Files.FileBytes;

namespace L2c.Testing.Files;

/// <summary>Archives whose tensors do not fit their storages, or whose storages are refused.</summary>
internal static class MalformedTensors
{
    public static IReadOnlyList<MalformedFile> All { get; } =
    [
        View("tensor-past-storage", 0, [7], [1], "leaves its storage of 6 elements"),
        View("tensor-offset-past-storage", 6, [1], [1], "leaves its storage"),
        View("tensor-stride-past-storage", 0, [2, 2], [5, 1], "leaves its storage"),
        View("tensor-empty-offset-past-storage", 7, [0], [1], "leaves its storage"),
        View("tensor-offset-negative", -1, [2], [1], "has a negative part"),
        View("tensor-size-negative", 0, [-2], [1], "has a negative part"),
        View("tensor-stride-negative", 5, [2], [-1], "has a negative part"),
        View("tensor-size-overflow", 0, [1L << 40, 1L << 40], [0, 0], "overflows 64 bits"),
        View("tensor-stride-overflow", 0, [3], [long.MaxValue], "overflows 64 bits"),
        View("tensor-bytes-overflow", 0, [1L << 62], [0], "overflows 64 bits"),
        View("tensor-axes-differ", 0, [2, 3], [1], "mismatched axes"),
        View("tensor-65-axes", 0, new long[65], new long[65], "65 axes, more than 64"),
        Pickle("tensor-64-axes-many-times", ManyTensors(), "steps to read, too many for"),
        View("tensor-expanded-1TiB", 0, [1L << 38], [0], "views expand 24 bytes"),
        Pickle("tensor-size-of-floats", Call(p => p.Int(0).Op("(").Float(2).Op("t").Ints(1)), "not made of integers"),
        Pickle("tensor-size-a-list", Call(p => p.Int(0).Op("]").Ints(1)), "calls RebuildTensor"),
        Pickle("tensor-without-storage", P().Global("torch._utils", "_rebuild_tensor_v2").Op("(NtR").Stop(), "calls RebuildTensor"),
        Pickle("tensor-eight-arguments", Call(p => p.Int(0).Ints(6).Ints(1).Raw(0x89).Op("NNN")), "calls RebuildTensor"),
        Pickle("parameter-of-none", P().Global("torch._utils", "_rebuild_parameter").Op("(NNNtR").Stop(), "calls RebuildParameter"),
        Pickle("storage-complex", P().Storage("0", "ComplexFloatStorage", 3).Stop(), "asks for torch.ComplexFloatStorage"),
        Pickle("tensor-of-type-past-storage", P().TensorOfType("0", 24, "uint16", 0, [13], [1]).Stop(), "leaves its storage of 12 elements"),
        Pickle("tensor-of-type-unread", P().TensorOfType("0", 24, "complex64", 0, [3], [1]).Stop(), "calls RebuildTensorOfType"),
        Pickle("storage-quantised", P().Storage("0", "QInt8Storage", 24).Stop(), "asks for torch.QInt8Storage"),
        Pickle("storage-type-not-storage", Id("storage", "collections", "OrderedDict", p => p), "storage of the type OrderedDict"),
        Pickle("storage-id-no-tuple", P().Text("0").Op("Q").Stop(), "not a plain storage"),
        Pickle("storage-id-module", Id("module", "torch", "FloatStorage", p => p), "not a plain storage"),
        Pickle("storage-id-view", Id("storage", "torch", "FloatStorage", p => p.Ints(1, 2)), "not a plain storage"),
        Pickle("storage-count-negative", P().Storage("0", "FloatStorage", -6).Stop(), "impossible length -6"),
        Pickle("storage-count-overflow", P().Storage("0", "FloatStorage", 1L << 62).Stop(), "impossible length"),
        Pickle("storage-key-escapes", Tensor("../data.pkl"), "is not in the archive"),
        Pickle("storage-two-types", Both(P().Storage("0", "HalfStorage", 12)), "described in two ways"),
        Pickle("storage-two-lengths", Both(P().Storage("0", "FloatStorage", 5)), "described in two ways"),
        new("tensor-bool-seven", TorchZip(P().Tensor("0", "BoolStorage", 3, 0, [3], [1]).Stop(), [0, 1, 7]), "is BOOL but holds the byte 7"),
    ];

    private static PickleBuilder P() => new();

    private static MalformedFile Pickle(string name, byte[] pickle, string reason) => new(name, TorchZip(pickle, Counting(24)), reason);

    private static MalformedFile View(string name, long offset, long[] size, long[] stride, string reason) =>
        Pickle(name, P().Tensor("0", "FloatStorage", 6, offset, size, stride).Stop(), reason);

    private static byte[] Id(string kind, string module, string type, Func<PickleBuilder, PickleBuilder> more) =>
        more(P().Op("(").Text(kind).Global(module, type).Text("0").Text("cpu").Int(6)).Op("tQ").Stop();

    /// <summary>A call of _rebuild_tensor_v2 whose arguments between the storage and the last two are the caller's.</summary>
    private static byte[] Call(Action<PickleBuilder> arguments)
    {
        PickleBuilder pickle = P().Global("torch._utils", "_rebuild_tensor_v2").Op("(").Storage("0", "FloatStorage", 6);
        arguments(pickle);
        return pickle.Raw(0x89).Op("NtR").Stop();
    }

    /// <summary>A list of one tensor of 64 axes, made again and again in five bytes each: all that it is made of is recalled.</summary>
    private static byte[] ManyTensors()
    {
        PickleBuilder pickle = P().Op("](").Global("torch._utils", "_rebuild_tensor_v2").Op("q").Raw(0);
        _ = pickle.Op("(").Storage("0", "FloatStorage", 6).Int(0).Ints(new long[64]).Ints(new long[64]).Raw(0x89).Op("Ntq").Raw(1).Op("R");
        for (int i = 0; i < 20_000; i++)
        {
            _ = pickle.Op("h").Raw(0).Op("h").Raw(1).Op("R");
        }

        return pickle.Op("e").Stop();
    }

    private static byte[] Tensor(string key) => P().Tensor(key, "FloatStorage", 6, 0, [6], [1]).Stop();

    /// <summary>A list of a proper tensor and of a second mention of its storage.</summary>
    private static byte[] Both(PickleBuilder second) =>
        [.. P().Op("](").Tensor("0", "FloatStorage", 6, 0, [6], [1]).Unfinished(), .. second.Unfinished()[2..], .. "e."u8];
}
