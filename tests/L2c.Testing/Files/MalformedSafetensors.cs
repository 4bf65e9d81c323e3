using static L2c.Testing.Files.FileBytes;

namespace L2c.Testing.Files;

/// <summary>Files that break a rule of safetensors, one each.</summary>
internal static class MalformedSafetensors
{
    private const string Neither = "neither a safetensors file nor";

    public static IReadOnlyList<MalformedFile> All { get; } =
    [
        new("file-empty", [], "is empty"),
        new("file-three-bytes", [1, 2, 3], Neither),
        new("file-text", "These are not weights, sorry."u8.ToArray(), Neither),
        new("file-lfs-pointer", "version https://git-lfs.github.com/spec/v1\noid sha256:00\n"u8.ToArray(), "Git LFS pointer"),
        new("st-header-past-end", Safetensors("{}"u8.ToArray(), [], 3), "goes past the end"),
        new("st-header-100MB", Safetensors("{}"u8.ToArray(), [], 100_000_001), "longer than 100000000"),
        new("st-header-2^63", Safetensors("{}"u8.ToArray(), [], 1UL << 63), "longer than 100000000"),
        new("st-header-length-all-ones", Safetensors("{}"u8.ToArray(), [], ulong.MaxValue), "longer than 100000000"),
        new("st-header-empty", Safetensors("", (byte)'{'), "does not start with '{'"),
        new("st-header-leading-line-feeds", Safetensors("\n\n[]"), Neither),
        new("st-header-array", Safetensors("[]"), Neither),
        new("st-header-not-utf8", Safetensors([.. "{\""u8, 0xC3, 0x28, .. "\":{}}"u8], []), "not UTF-8"),
        new("st-json-cut", Safetensors("{\"a\":{\"dtype\":\"F32\""), "not valid JSON"),
        new("st-json-trailing-comma", Safetensors("{\"a\":{\"dtype\":\"U8\",\"shape\":[],\"data_offsets\":[0,1]},}", 1), "not valid JSON"),
        new("st-json-comment", Safetensors("{/**/}"), "not valid JSON"),
        new("st-json-second-value", Safetensors("{}{}"), "not valid JSON"),
        new("st-json-lone-surrogate", Safetensors("{\"\\uD800\":{\"dtype\":\"U8\",\"shape\":[],\"data_offsets\":[0,1]}}", 1), "not valid JSON"),
        new("st-json-deep-shape", Safetensors($"{{\"a\":{{\"shape\":{new string('[', 100_000)}"), "not a list"),
        new("st-json-deep-name", Safetensors($"{{\"a\":{string.Concat(Enumerable.Repeat("{\"a\":", 50_000))}"), "unknown member"),
        new("st-name-twice", Safetensors(Two("a", 0, 1, "a", 1, 2), 1, 2), "occurs twice"),
        new("st-name-twice-escaped", Safetensors(Two("a", 0, 1, "\\u0061", 1, 2), 1, 2), "occurs twice"),
        new("st-member-twice", Safetensors("{\"a\":{\"dtype\":\"U8\",\"dtype\":\"U8\"}}"), "states dtype twice"),
        new("st-member-unknown", Safetensors("{\"a\":{\"dtype\":\"U8\",\"shape\":[],\"data_offsets\":[0,1],\"x\":0}}", 1), "unknown member x"),
        new("st-member-missing", Safetensors("{\"a\":{\"shape\":[],\"data_offsets\":[0,1]}}", 1), "does not state dtype"),
        new("st-entry-not-object", Safetensors("{\"a\":5}"), "is not an object"),
        new("st-dtype-unknown", Safetensors(One("F8_E4M3", "[1]", 0, 1), 1), "unsupported dtype F8_E4M3"),
        new("st-dtype-number", Safetensors("{\"a\":{\"dtype\":1,\"shape\":[],\"data_offsets\":[0,1]}}", 1), "unsupported dtype"),
        new("st-shape-overflow", Safetensors(One("F32", "[4294967296,4294967296,4]", 0, 1), 1), "overflows 64 bits"),
        new("st-shape-bytes-overflow", Safetensors(One("F64", "[2305843009213693952]", 0, 0)), "overflows 64 bits"),
        new("st-shape-overflow-then-zero", Safetensors(One("U8", "[4294967296,4294967296,0]", 0, 0)), "overflows 64 bits"),
        new("st-shape-negative", Safetensors(One("U8", "[-1]", 0, 1), 1), "not a list"),
        new("st-shape-minus-zero", Safetensors(One("U8", "[-0]", 0, 0)), "not a list"),
        new("st-offsets-minus-zero", Safetensors("{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[-0,1]}}", 1), "not a list"),
        new("st-shape-fraction", Safetensors(One("U8", "[1.0]", 0, 1), 1), "not a list"),
        new("st-shape-text", Safetensors(One("U8", "[\"1\"]", 0, 1), 1), "not a list"),
        new("st-shape-2^63", Safetensors(One("U8", "[9223372036854775808]", 0, 1), 1), "not a list"),
        new("st-shape-65-axes", Safetensors(One("U8", $"[{string.Join(',', Enumerable.Repeat(1, 65))}]", 0, 1), 1), "not a list"),
        new("st-offsets-three", Safetensors("{\"a\":{\"dtype\":\"U8\",\"shape\":[],\"data_offsets\":[0,1,1]}}", 1), "not a list"),
        new("st-offsets-one", Safetensors("{\"a\":{\"dtype\":\"U8\",\"shape\":[],\"data_offsets\":[0]}}", 1), "two data_offsets"),
        new("st-offsets-reversed", Safetensors(One("U8", "[1]", 1, 0), 1), "leave the buffer"),
        new("st-offsets-outside", Safetensors(One("U8", "[9]", 0, 9), 1), "leave the buffer"),
        new("st-offsets-wrong-size", Safetensors(One("F32", "[1]", 0, 3), 1, 2, 3), "needs 4 bytes"),
        new("st-offsets-overlap", Safetensors(Two("a", 0, 2, "b", 1, 3), 1, 2, 3), "overlaps"),
        new("st-offsets-same", Safetensors(Two("a", 0, 2, "b", 0, 2), 1, 2), "overlaps"),
        new("st-offsets-gap", Safetensors(Two("a", 0, 1, "b", 2, 3), 1, 2, 3), "unused before it"),
        new("st-offsets-not-from-zero", Safetensors(One("U8", "[1]", 1, 2), 1, 2), "unused before it"),
        new("st-buffer-too-long", Safetensors(One("U8", "[1]", 0, 1), 1, 2), "cover 1 of 2"),
        new("st-buffer-cut", ValidFiles.Safetensors[..^1], "leave the buffer"),
        new("st-metadata-not-text", Safetensors("{\"__metadata__\":{\"a\":1}}"), "is not a string"),
        new("st-metadata-nested", Safetensors("{\"__metadata__\":{\"a\":{}}}"), "is not a string"),
        new("st-metadata-not-object", Safetensors("{\"__metadata__\":[]}"), "is not an object"),
        new("st-metadata-twice", Safetensors("{\"__metadata__\":{},\"__metadata__\":{}}"), "occurs twice"),
        new("st-metadata-key-twice", Safetensors("{\"__metadata__\":{\"a\":\"1\",\"a\":\"2\"}}"), "occurs twice"),
        new("st-tensors-100001", Safetensors(Many(100_001)), "more than 100000 tensors"),
        new("st-metadata-a-million", Safetensors($"{{\"__metadata__\":{{{string.Join(',', Enumerable.Range(0, 1_000_001).Select(i => $"\"{i}\":\"\""))}}}}}"), "steps to read"),
        new("st-bool-two", Safetensors(One("BOOL", "[2]", 0, 2), 1, 2), "is BOOL but holds the byte 2"),
        new("st-name-with-newline", Safetensors("{\"a\\n\\u001b[2J\":5}"), "a\\u000A\\u001B[2J is not an object"),
    ];

    private static string One(string type, string shape, long begin, long end) =>
        $"{{\"a\":{{\"dtype\":\"{type}\",\"shape\":{shape},\"data_offsets\":[{begin},{end}]}}}}";

    private static string Many(int count) =>
        $"{{{string.Join(',', Enumerable.Range(0, count).Select(i => $"\"{i}\":{{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]}}"))}}}";

    private static string Two(string a, long beginA, long endA, string b, long beginB, long endB) =>
        $"{{\"{a}\":{{\"dtype\":\"U8\",\"shape\":[{endA - beginA}],\"data_offsets\":[{beginA},{endA}]}}," +
        $"\"{b}\":{{\"dtype\":\"U8\",\"shape\":[{endB - beginB}],\"data_offsets\":[{beginB},{endB}]}}}}";
}
