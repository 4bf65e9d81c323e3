using static L2c.Testing.Files.FileBytes;

namespace L2c.Testing.Files;

/// <summary>Files of the form before PyTorch 1.6 that are damaged or forged, one fault each.</summary>
internal static class MalformedLegacy
{
    private static readonly byte[] _pickle =
        new PickleBuilder().Op("}").Text("w").Tensor("k", "FloatStorage", 2, 0, [2], [1], legacy: true).Op("s").Stop();

    private static readonly (string, long, byte[]) _storage = ("k", 2, new byte[8]);

    public static IReadOnlyList<MalformedFile> All { get; } =
    [
        new("legacy-magic-wrong", [.. LegacyMagic[..10], 0, .. TorchLegacy(_pickle, _storage)[11..]], "another magic number"),
        new("legacy-magic-cut", LegacyMagic[..12], "ends at byte 12"),
        new("legacy-magic-only", LegacyMagic, "ends before its STOP"),
        new("legacy-version-1000", TorchLegacy(_pickle, true, 1000, ["k"], _storage), "another magic number or version"),
        new("legacy-big-endian", TorchLegacy(_pickle, false, 1001, ["k"], _storage), "not little-endian"),
        new("legacy-facts-no-dict", [.. LegacyMagic, .. P().Int(1001).Stop(), .. P().Op("N").Stop()], "not little-endian"),
        new("legacy-os-system", TorchLegacy(P().Global("os", "system").Text("true").Raw(0x85).Op("R").Stop()), "asks for os.system"),
        new("legacy-cut-in-pickle", TorchLegacy(_pickle, _storage)[..120], "ends before its STOP"),
        new("legacy-cut-in-storage", TorchLegacy(_pickle, _storage)[..^1], "goes past the end"),
        new("legacy-cut-in-count", TorchLegacy(_pickle, _storage)[..^12], "bytes"),
        new("legacy-trailing", [.. TorchLegacy(_pickle, _storage), 0], "1 bytes are left over"),
        new("legacy-count-differs", TorchLegacy(_pickle, ("k", 3, new byte[8])), "has 3 elements instead of 2"),
        new("legacy-count-negative", TorchLegacy(_pickle, ("k", -1, new byte[8])), "has -1 elements instead of 2"),
        new("legacy-storage-missing", TorchLegacy(_pickle), "1 storages are missing"),
        new("legacy-storage-twice", TorchLegacy(_pickle, _storage, _storage), "names one twice"),
        new("legacy-storage-unused", TorchLegacy(_pickle, _storage, ("x", 2, new byte[8])), "that no tensor uses"),
        new("legacy-keys-no-list", [.. TorchLegacy(_pickle)[..^6], .. P().Op("}").Stop()], "list of storages is missing"),
    ];

    private static PickleBuilder P() => new();
}
