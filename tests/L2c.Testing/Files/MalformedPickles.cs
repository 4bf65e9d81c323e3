using System.Text;
using static L2c.Testing.Files.FileBytes;

namespace L2c.Testing.Files;

/// <summary>Well-formed archives whose pickle is broken, hostile, or asks for what is refused.</summary>
internal static class MalformedPickles
{
    public static IReadOnlyList<MalformedFile> All { get; } =
    [
        Zip("pickle-os-system", P().Global("os", "system").Text("true").Raw(0x85).Op("R").Stop(), "pickle asks for os.system, which is not allowed"),
        Zip("pickle-posix-system", P().Global("posix", "system").Text("true").Raw(0x85).Op("R").Stop(), "asks for posix.system"),
        Zip("pickle-builtins-eval", P().Global("builtins", "eval").Text("1").Raw(0x85).Op("R").Stop(), "asks for builtins.eval"),
        Zip("pickle-torch-load", P().Global("torch", "load").Stop(), "asks for torch.load"),
        Zip("pickle-dotted-name", P().Global("collections", "OrderedDict.__init__").Stop(), "asks for collections.OrderedDict.__init__"),
        Zip("pickle-module", P().Global("torch.nn.modules.linear", "Linear").Op(")").Raw(0x81).Stop(), "asks for torch.nn.modules.linear.Linear"),
        Zip("pickle-numpy-load", P().Global("numpy", "load").Stop(), "asks for numpy.load"),
        Zip("pickle-numpy-without-type", P().Global("numpy.core.multiarray", "scalar").Op("N").Raw(0x85).Op("R").Stop(), "calls NumpyScalar"),
        Zip("pickle-encode-other", P().Global("_codecs", "encode").Text("a").Text("rot13").Raw(0x86).Op("R").Stop(), "calls Encode with 2"),
        Zip("pickle-encode-beyond", P().Global("_codecs", "encode").Text("\u0100").Text("latin1").Raw(0x86).Op("R").Stop(), "not Latin-1"),
        Zip("pickle-rebuild-sparse", P().Global("torch._utils", "_rebuild_sparse_tensor").Stop(), "asks for torch._utils._rebuild_sparse_tensor"),
        Zip("pickle-global-escape-codes", P().Global("os\x1b[2J", "x").Stop(), "asks for os\\u001B[2J.x"),
        Zip("pickle-global-endless", P().Op("c").Raw(new byte[4096]).Stop(), "more than 256 bytes"),
        Zip("pickle-stack-global", P().Text("os").Text("system").Raw(0x93).Stop(), "asks for os.system"),
        Zip("pickle-stack-global-number", P().Int(1).Text("system").Raw(0x93).Stop(), "whose name is not text"),
        Zip("pickle-inst", P().Op("(ios\nsystem\n").Stop(), "opcode INST"),
        Zip("pickle-obj", P().Op("(o").Stop(), "opcode OBJ"),
        Zip("pickle-ext1", P().Raw(0x82, 1).Stop(), "opcode EXT1"),
        Zip("pickle-ext4", P().Raw(0x84, 1, 0, 0, 0).Stop(), "opcode EXT4"),
        Zip("pickle-newobj-ex", P().Raw(0x92).Stop(), "opcode NEWOBJ_EX"),
        Zip("pickle-persid", P().Op("Pstorage\n").Stop(), "opcode PERSID"),
        Zip("pickle-dup", P().Op("N2").Stop(), "opcode DUP"),
        Zip("pickle-string", P().Op("S'a'\n").Stop(), "opcode STRING"),
        Zip("pickle-binbytes", P().Op("B").Int32(-1).Stop(), "a byte string of 4294967295 bytes"),
        Zip("pickle-long4", P().Raw(0x8B, 0xFF, 0xFF, 0xFF, 0x7F).Stop(), "an integer of 2147483647 bytes"),
        Zip("pickle-frame", P().Raw(0x95).Int(1).Stop(), "a frame of 67722 bytes"),
        Zip("pickle-opcode-255", P().Raw(0xFF).Stop(), "opcode 0xFF"),
        Zip("pickle-text8-huge", P().Raw(0x8D).Raw(Filled(0xFF, 8)).Stop(), "a string of -1 bytes"),
        Zip("pickle-additems-to-list", P().Op("](N").Raw(0x90).Stop(), "ADDITEMS to another kind"),
        Zip("pickle-protocol-6", [0x80, 6, .. "N."u8], "not of the protocols 2 to 5"),
        Zip("pickle-no-protocol", "N."u8.ToArray(), "not of the protocols 2 to 5"),
        Zip("pickle-empty", [], "ends before its STOP"),
        Zip("pickle-no-stop", P().Op("N").Unfinished(), "ends before its STOP"),
        Zip("pickle-reduce-namespace", P().Global("argparse", "Namespace").Op(")R").Stop(), "calls Namespace with 0 arguments"),
        Zip("pickle-reduce-storage", P().Global("torch", "FloatStorage").Op(")R").Stop(), "calls FloatStorage"),
        Zip("pickle-reduce-text", P().Text("os.system").Op(")R").Stop(), "calls a value that is not a global"),
        Zip("pickle-reduce-items", P().Global("collections", "OrderedDict").Op("]").Raw(0x85).Op("R").Stop(), "calls OrderedDict with 1 arguments"),
        Zip("pickle-reduce-no-tuple", P().Global("collections", "OrderedDict").Op("]R").Stop(), "arguments that are not a tuple"),
        Zip("pickle-newobj-ordereddict", P().Global("collections", "OrderedDict").Op(")").Raw(0x81).Stop(), "a new object of OrderedDict"),
        Zip("pickle-newobj-arguments", P().Global("argparse", "Namespace").Op("N").Raw(0x85, 0x81).Stop(), "a new object of Namespace"),
        Zip("pickle-build-tuple", P().Op(")}b").Stop(), "state of a value that has none"),
        Zip("pickle-build-twice", P().Global("argparse", "Namespace").Op(")").Raw(0x81).Op("}b}b").Stop(), "state of a value twice"),
        Zip("pickle-build-no-dict", P().Op("}]b").Stop(), "a state that is not a dict"),
        Zip("pickle-stack-empty", P().Op("R").Stop(), "takes more from its stack"),
        Zip("pickle-pop-below-mark", P().Op("N(").Raw(0x85).Stop(), "takes more from its stack"),
        Zip("pickle-mark-missing", P().Op("t").Stop(), "closes a group"),
        Zip("pickle-two-values", P().Op("NN").Stop(), "does not end with one value"),
        Zip("pickle-open-mark", P().Op("(N").Stop(), "does not end with one value"),
        Zip("pickle-memo-unset", P().Op("h").Raw(3).Stop(), "recalls the memo 3"),
        Zip("pickle-memo-huge", P().Op("Nr").Int32(int.MaxValue).Stop(), "memo skips from 0 to 2147483647"),
        Zip("pickle-memo-4G", P().Op("Nr").Int32(-1).Stop(), "memo skips from 0 to 4294967295"),
        Zip("pickle-text-4GiB", P().Op("X").Int32(-1).Stop(), "a string of 4294967295 bytes"),
        Zip("pickle-text-past-end", P().Op("X").Int32(1000).Stop(), "a string of 1000 bytes"),
        Zip("pickle-text-not-utf8", P().Op("X").Int32(1).Raw(0xFF).Stop(), "not UTF-8"),
        Zip("pickle-integer-255-bytes", P().Raw(0x8A, 255).Raw(new byte[100]).Stop(), "an integer of 255 bytes"),
        Zip("pickle-key-twice", P().Op("}(").Text("a").Op("N").Text("a").Op("Nu").Stop(), "sets the key a twice"),
        Zip("pickle-key-number-and-text", P().Op("}(K").Raw(1).Op("N").Text("1").Op("Nu").Stop(), "sets the key 1 twice"),
        Zip("pickle-key-list", P().Op("}(]Nu").Stop(), "a key that Python cannot have"),
        Zip("pickle-key-without-value", P().Op("}(").Text("a").Op("u").Stop(), "a key without a value"),
        Zip("pickle-setitem-on-list", P().Op("]").Text("a").Op("Ns").Stop(), "SETITEM to another kind"),
        Zip("pickle-append-to-dict", P().Op("}Na").Stop(), "APPEND to another kind"),
        Zip("pickle-root-is-global", P().Global("torch", "FloatStorage").Stop(), "neither tensor nor plain value"),
        Zip("pickle-deep-lists", Deep(100_000), "nested deeper"),
        Zip("pickle-deep-tuples", P().Op("N").Raw(Filled(0x85, 400_000)).Stop(), "nested deeper"),
        Zip("pickle-contains-itself", P().Op("}q").Raw(0).Text("a").Op("h").Raw(0).Op("s").Stop(), "nested deeper"),
        Zip("pickle-billion-laughs", Laughs(), "steps to read, too many for"),
        Zip("pickle-many-objects", P().Op("]").Raw(Filled((byte)'}', 2_100_000)).Stop(), "more than 2000000 steps"),
        Zip("pickle-many-marks", P().Raw(Filled((byte)'(', 2_100_000)).Stop(), "more than 2000000 steps"),
        Zip("pickle-many-operations", P().Op("Nq").Raw(0).Raw(Repeated("q\0"u8, 2_100_000)).Stop(), "more than 2000000 steps"),
        Zip("pickle-many-values", P().Op("](").Raw(Filled((byte)'N', 700_000)).Op("e").Stop(), "more than 2000000 steps"),
        Zip("pickle-many-dicts", P().Op("](").Raw(Repeated("}K\0Ns"u8, 500_000)).Op("e").Stop(), "more than 2000000 steps"),
        Zip("pickle-state-many-times", ManyStates(), "steps to read, too many for"),
        Zip("pickle-long-key-many-times", ManyLongKeys(p => p.Op("}h").Raw(0).Op("Ns")), "steps to read, too many for"),
        Zip("pickle-long-storage-many-times", ManyLongKeys(LongStorage), "steps to read, too many for"),
        Zip("pickle-long-name", P().Op("}").Text(new string('a', 5000)).Op("Ns").Stop(), "named longer"),
        Zip("pickle-names-collide", P().Op("}(").Text("a.b").Op("N").Text("a").Op("}").Text("b").Op("Nsu").Stop(), "two values are named a.b"),
    ];

    private static PickleBuilder P() => new();

    private static MalformedFile Zip(string name, byte[] pickle, string reason) => new(name, TorchZip(pickle), reason);

    private static byte[] Filled(byte value, int count) => [.. Enumerable.Repeat(value, count)];

    private static byte[] Repeated(ReadOnlySpan<byte> bytes, int count) =>
        Encoding.Latin1.GetBytes(string.Concat(Enumerable.Repeat(Encoding.Latin1.GetString(bytes), count)));

    /// <summary>[[[...]]]</summary>
    private static byte[] Deep(int depth) => P().Raw(Filled((byte)']', depth)).Raw(Filled((byte)'a', depth - 1)).Stop();

    /// <summary>A list of a dict of 10,000 values, and of 1,000 records that all have it as their state.</summary>
    private static byte[] ManyStates()
    {
        PickleBuilder pickle = P().Op("](").Global("argparse", "Namespace").Op("q").Raw(0).Op(")").Raw(0x81).Op("}q").Raw(1).Op("(");
        for (int i = 0; i < 10_000; i++)
        {
            _ = pickle.Op("J").Int32(i).Op("N");
        }

        _ = pickle.Op("ub");
        for (int i = 0; i < 1_000; i++)
        {
            _ = pickle.Op("h").Raw(0).Op(")").Raw(0x81).Op("h").Raw(1).Op("b");
        }

        return pickle.Op("e").Stop();
    }

    /// <summary>A list of a text of the greatest length, and of forty values that recall it, so that each hashes it.</summary>
    private static byte[] ManyLongKeys(Func<PickleBuilder, PickleBuilder> value)
    {
        PickleBuilder pickle = P().Op("](").Text(new string('a', 1 << 20)).Op("q").Raw(0);
        for (int i = 0; i < 40; i++)
        {
            _ = value(pickle);
        }

        return pickle.Op("e").Stop();
    }

    private static PickleBuilder LongStorage(PickleBuilder pickle) =>
        pickle.Op("(").Text("storage").Global("torch", "FloatStorage").Op("h").Raw(0).Text("cpu").Int(0).Op("tQ");

    /// <summary>Twenty levels, each a list of ten times the level below: 10^20 leaves in a few hundred bytes.</summary>
    private static byte[] Laughs()
    {
        PickleBuilder pickle = P().Op("Nq").Raw(0);
        for (byte level = 1; level <= 20; level++)
        {
            _ = pickle.Op("](");
            for (int i = 0; i < 10; i++)
            {
                _ = pickle.Op("h").Raw((byte)(level - 1));
            }

            _ = pickle.Op("eq").Raw(level);
        }

        return [.. P().Op("](").Unfinished(), .. pickle.Unfinished()[2..], .. "e."u8];
    }
}
