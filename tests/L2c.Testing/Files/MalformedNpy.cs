using System.Buffers.Binary;
using System.Text;

namespace L2c.Testing.Files;

/// <summary>Files that break a rule of npy, one each.</summary>
internal static class MalformedNpy
{
    private const string Good = "<f4";

    public static IReadOnlyList<MalformedFile> All { get; } =
    [
        new("npy-cut-in-prefix", [0x93, .. "NUMPY"u8, 1], "ends at byte 7"),
        new("npy-version-9", File(Header(Good, "False", "(2,)"), 8, 9), "version 9"),
        new("npy-version-1.1", File(Header(Good, "False", "(2,)"), 8, minor: 1), "version 1.1"),
        new("npy-version-0", File(Header(Good, "False", "(2,)"), 8, 0), "version 0.0"),
        new("npy-header-past-end", [.. File(Header(Good, "False", "(2,)"), 8).AsSpan(0, 40)], "ends at byte 40"),
        new("npy-header-4GB", [0x93, .. "NUMPY"u8, 2, 0, 0xFF, 0xFF, 0xFF, 0xFF], "has a header of 4294967295 bytes"),
        new("npy-header-10001", File(Header(Good, "False", "(2,)").PadRight(10_001), 8), "has a header of 10001 bytes"),
        new("npy-objects", File(Header("|O", "False", "(2,)"), 8), "elements of the type |O"),
        new("npy-big-endian", File(Header(">f4", "False", "(2,)"), 8), "elements of the type >f4"),
        new("npy-structure", File("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (2,), }", 8), "not NumPy's for a plain array"),
        new("npy-fortran", File(Header(Good, "True", "(2, 3)"), 24), "Fortran order"),
        new("npy-order-unknown", File(Header(Good, "Perhaps", "(2,)"), 8), "not NumPy's for a plain array"),
        new("npy-member-missing", File("{'descr': '<f4', 'shape': (2,), }", 8), "not NumPy's for a plain array"),
        new("npy-member-twice", File("{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (2,), }", 8), "not NumPy's for a plain"),
        new("npy-member-unknown", File("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), 'x': 1, }", 8), "not NumPy's for a plain array"),
        new("npy-code", File("__import__('os').system('true')", 8), "not NumPy's for a plain array"),
        new("npy-header-control", File("{\u001b[2J}", 8), "not NumPy's for a plain array"),
        new("npy-shape-no-tuple", File(Header(Good, "False", "(2)"), 8), "not a tuple of integers"),
        new("npy-shape-leading-zero", File(Header(Good, "False", "(02,)"), 8), "not a tuple of integers"),
        new("npy-shape-comma", File(Header(Good, "False", "(,)"), 4), "not a tuple of integers"),
        new("npy-shape-negative", File(Header(Good, "False", "(-2,)"), 8), "not a tuple of integers"),
        new("npy-shape-text", File(Header(Good, "False", "(two,)"), 8), "not a tuple of integers"),
        new("npy-shape-hole", File(Header(Good, "False", "(2,,3)"), 24), "not a tuple of integers"),
        new("npy-shape-2^64", File(Header(Good, "False", "(18446744073709551616,)"), 8), "not a tuple of integers"),
        new("npy-shape-overflow", File(Header(Good, "False", "(4294967296, 4294967296)"), 8), "overflows 64 bits"),
        new("npy-bytes-overflow", File(Header("<f8", "False", "(2305843009213693952,)"), 8), "overflows 64 bits"),
        new("npy-short", File(Header(Good, "False", "(2, 3)"), 23), "has 23 bytes of elements"),
        new("npy-long", File(Header(Good, "False", "(2, 3)"), 25), "has 25 bytes of elements"),
        new("npy-bool-2", [.. File(Header("|b1", "False", "(1,)"), 0), 2], "holds the byte 2"),
    ];

    /// <summary>The dictionary as numpy.save writes it.</summary>
    public static string Header(string descr, string fortranOrder, string shape) =>
        $"{{'descr': '{descr}', 'fortran_order': {fortranOrder}, 'shape': {shape}, }}";

    /// <summary>A whole file.</summary>
    public static byte[] File(string header, int elementBytes, byte version = 1, byte minor = 0)
    {
        byte[] length = new byte[2];
        BinaryPrimitives.WriteUInt16LittleEndian(length, (ushort)header.Length);
        return [0x93, .. "NUMPY"u8, version, minor, .. length, .. Encoding.Latin1.GetBytes(header), .. FileBytes.Counting(elementBytes)];
    }
}
