using L2c.Testing;
using L2c.Testing.Files;
using L2c.Weights.PyTorch;

namespace L2c.Weights.Tests;

public class PyTorchFileTests
{
    private static readonly float[] _floats = [.. Enumerable.Range(0, 6).Select(i => BitConverter.ToSingle(FileBytes.Counting(24), 4 * i))];

    public static TheoryData<string> Containers =>
        [.. ValidFiles.All.Select(f => f.Name).Where(n => n.StartsWith("torch-", StringComparison.Ordinal))];

    [Theory]
    [MemberData(nameof(Containers))]
    public void Every_container_gives_the_same_tensors_and_scalars(string name)
    {
        using TensorFile opened = Reading.Open(ValidFiles.All.Single(f => f.Name == name).Bytes);
        PyTorchFile file = Assert.IsType<PyTorchFile>(opened);

        Assert.Equal(name == "torch-legacy" ? "pytorch-legacy" : "pytorch-zip", file.Format);
        Assert.Equal(["model.w", "model.transposed", "flags"], file.Tensors.Select(t => t.Name));
        Assert.Equal(new long[] { 2, 3 }, file.Find("model.w")!.Shape);
        Assert.Equal(new long[] { 3, 2 }, file.Find("model.transposed")!.Shape);
        Assert.Equal(_floats, file.Floats("model.w"));
        Assert.Equal([_floats[0], _floats[3], _floats[1], _floats[4], _floats[2], _floats[5]], file.Floats("model.transposed"));
        Assert.Equal([0, 1, 1], file.Bytes("flags"));
        Assert.Equal(TensorType.Bool, file.Find("flags")!.Type);
        Assert.Equal(
            [("args.lr", 0.5), ("args.name", "DiT"), ("opt.7.0", true), ("opt.7.1", null), ("opt.7.2", 9L)],
            file.Scalars.Select(pair => (pair.Key, pair.Value)));
        Assert.Empty(file.Metadata);
        Assert.Null(file.Find("model"));
    }

    [Theory]
    [InlineData("DoubleStorage", TensorType.F64)]
    [InlineData("FloatStorage", TensorType.F32)]
    [InlineData("HalfStorage", TensorType.F16)]
    [InlineData("BFloat16Storage", TensorType.BF16)]
    [InlineData("LongStorage", TensorType.I64)]
    [InlineData("IntStorage", TensorType.I32)]
    [InlineData("ShortStorage", TensorType.I16)]
    [InlineData("CharStorage", TensorType.I8)]
    [InlineData("UntypedStorage", TensorType.U8)]
    [InlineData("ByteStorage", TensorType.U8)]
    [InlineData("BoolStorage", TensorType.Bool)]
    public void Every_storage_type_has_its_dtype(string storage, TensorType type)
    {
        byte[] elements = [.. FileBytes.Counting(3 * type.Size()).Select(b => type == TensorType.Bool ? (byte)(b & 1) : b)];
        using TensorFile file = Reading.Open(FileBytes.TorchZip(new PickleBuilder().Tensor("0", storage, 3, 0, [3], [1]).Stop(), elements));
        Assert.Equal(type, Assert.Single(file.Tensors).Type);
        Assert.Equal(elements, file.Bytes("tensor"));
    }

    [Theory]
    [InlineData("uint16", TensorType.U16)]
    [InlineData("uint32", TensorType.U32)]
    [InlineData("uint64", TensorType.U64)]
    [InlineData("float32", TensorType.F32)]
    public void A_tensor_may_say_its_type_beside_a_storage_of_bytes(string dtype, TensorType type)
    {
        byte[] elements = FileBytes.Counting(6 * type.Size()), transposed = new byte[elements.Length];
        for (int i = 0; i < 6; i++)
        {
            elements.AsSpan(i * type.Size(), type.Size()).CopyTo(transposed.AsSpan(((i % 3 * 2) + (i / 3)) * type.Size()));
        }

        PickleBuilder pickle = new PickleBuilder().Op("](");
        _ = pickle.TensorOfType("0", elements.Length, dtype, 0, [2, 3], [3, 1]).TensorOfType("0", elements.Length, dtype, 0, [3, 2], [1, 3]).Op("e");
        using TensorFile file = Reading.Open(FileBytes.TorchZip(pickle.Stop(), elements));
        Assert.Equal([type, type], file.Tensors.Select(tensor => tensor.Type));
        Assert.Equal(elements, file.Bytes("0"));
        Assert.Equal(transposed, file.Bytes("1"));
    }

    [Theory]
    [InlineData(2)]
    [InlineData(4)]
    [InlineData(5)]
    public void What_lies_beside_weights_is_read_or_left_out(int protocol)
    {
        using TensorFile file = Reading.Open(FileBytes.TorchZip(OtherValues.Pickle(protocol), FileBytes.Counting(24)));
        Assert.Equal("w", Assert.Single(file.Tensors).Name);
        Assert.Equal(_floats, file.Floats("w"));
        Assert.Equal(
            [("shape.0", 2L), ("shape.1", 3L), ("lr", 0.25), ("epoch", -7L), ("True", 1L)],
            ((PyTorchFile)file).Scalars.Select(pair => (pair.Key, pair.Value)));
    }

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    public void What_a_genuine_pickler_writes_in_its_protocols_is_read_in_both_containers(int protocol)
    {
        Assert.SkipUnless(Python.Has("pickle"), "there is no Python");
        using TemporaryFolder folder = new();
        _ = Python.Run(GenuinePickler, folder.Path, protocol.ToString());
        using TensorFile zip = TensorFiles.Open(folder.File("a.pt")), legacy = TensorFiles.Open(folder.File("b.pt"));
        Assert.Equal(("pytorch-zip", "pytorch-legacy"), (zip.Format, legacy.Format));
        foreach (TensorFile file in (TensorFile[])[zip, legacy])
        {
            Assert.Equal(_floats, file.Floats("model.w"));
            Assert.Equal([("shape.0", 2L), ("shape.1", 3L), ("step", 5L), ("True", 1L), ("name", "Köy")],
                ((PyTorchFile)file).Scalars.Select(pair => (pair.Key, pair.Value)));
        }
    }

    [Fact]
    public void A_parameter_is_its_tensor_and_a_seventh_argument_is_ignored()
    {
        PickleBuilder pickle = new PickleBuilder().Op("](").Global("torch._utils", "_rebuild_parameter").Op("(");
        _ = pickle.Tensor("0", "FloatStorage", 6, 0, [6], [1]).Raw(0x88).Global("collections", "OrderedDict").Op(")RtR");
        _ = pickle.Global("torch._utils", "_rebuild_tensor_v2").Op("(").Storage("0", "FloatStorage", 6).Int(2).Ints().Ints().Raw(0x89).Op("N}tRe");
        using TensorFile file = Reading.Open(FileBytes.TorchZip(pickle.Stop(), FileBytes.Counting(24)));
        Assert.Equal(_floats, file.Floats("0"));
        Assert.Equal([_floats[2]], file.Floats("1"));
    }

    [Fact]
    public void Attributes_of_an_OrderedDict_are_no_entries()
    {
        PickleBuilder pickle = new PickleBuilder().Global("collections", "OrderedDict").Op(")R").Text("a").Op("Ns}").Text("_metadata").Op("}sb");
        using TensorFile file = Reading.Open(FileBytes.TorchZip(pickle.Stop()));
        Assert.Equal("a", Assert.Single(((PyTorchFile)file).Scalars).Key);
    }

    [Fact]
    public void Integers_of_every_width_keep_their_sign()
    {
        PickleBuilder pickle = new PickleBuilder().Op("](J").Int32(-5).Op("K").Raw(255).Op("M").Raw(255, 255).Raw(0x8A, 0).Raw(0x8A, 1, 0x80);
        _ = pickle.Raw(0x8A, 2, 0xFF, 0x00).Int(long.MinValue).Op("e");
        using TensorFile file = Reading.Open(FileBytes.TorchZip(pickle.Stop()));
        Assert.Equal([-5L, 255L, 65535L, 0L, -128L, 255L, long.MinValue], ((PyTorchFile)file).Scalars.Values.Cast<long>());
    }

    [Fact]
    public void A_damaged_storage_does_not_hinder_the_others_but_no_byte_of_it_is_given_out()
    {
        byte[] file = [.. FileBytes.TorchZip(ValidFiles.Pickle(legacy: false), FileBytes.Counting(24), [0, 1, 1])];
        file[file.AsSpan().IndexOf(FileBytes.Counting(24)) + 23] ^= 1;
        using TensorFile opened = Reading.Open(file);
        byte[] first = new byte[4];
        Assert.Equal([0, 1, 1], opened.Bytes("flags"));
        Assert.Throws<MalformedFileException>(() => opened.ReadBytes(opened.Find("model.w")!, 0, first));
        Assert.Equal(new byte[4], first);
    }

    [Fact]
    public void Entries_beyond_4_GiB_are_found()
    {
        const long Origin = 5L << 30;
        List<ZipPart> parts = FileBytes.TorchParts(ValidFiles.Pickle(legacy: false), FileBytes.Counting(24), [0, 1, 1]);
        byte[] archive = ZipBuilder.Build([.. parts.Select(p => p with { Descriptor = true, Zip64 = true })], zip64End: true, Origin);
        using TensorFile file = TensorFiles.Open(new BehindAHole(Origin, archive));
        Assert.Equal(_floats, file.Floats("model.w"));
    }

    [Fact]
    public void Reading_a_large_storage_in_chunks_allocates_almost_nothing()
    {
        byte[] storage = new byte[16 << 20];
        new Random(1).NextBytes(storage);
        byte[] bytes = FileBytes.TorchZip(new PickleBuilder().Tensor("0", "ByteStorage", storage.Length, 0, [storage.Length], [1]).Stop(), storage);
        using TensorFile file = Reading.Open(bytes);
        TensorInfo tensor = file.Find("tensor")!;
        byte[] chunk = new byte[1 << 20];
        file.ReadBytes(tensor, 0, chunk);

        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int at = 0; at < storage.Length; at += chunk.Length)
        {
            file.ReadBytes(tensor, at, chunk);
            Assert.True(storage.AsSpan(at, chunk.Length).SequenceEqual(chunk));
        }

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 4096);
    }

    // Stands in for torch: the same names, so that Python's own pickler writes what torch.save makes it write.
    private const string GenuinePickler = """
        import collections, io, pickle, struct, sys, types, zipfile
        folder, protocol = sys.argv[1], int(sys.argv[2])
        torch, utils, storage = (types.ModuleType(name) for name in ("torch", "torch._utils", "torch.storage"))
        sys.modules.update({"torch": torch, "torch._utils": utils, "torch.storage": storage})
        def _rebuild_tensor_v2(*arguments): pass
        _rebuild_tensor_v2.__module__ = "torch._utils"
        utils._rebuild_tensor_v2 = _rebuild_tensor_v2
        class FloatStorage: __module__ = "torch"
        class Size(tuple):
            __module__ = "torch"
            def __reduce__(self): return Size, (tuple(self),)
        torch.FloatStorage, torch.Size = FloatStorage, Size
        class Storage: pass
        class Tensor:
            def __reduce__(self): return _rebuild_tensor_v2, (Storage(), 0, (2, 3), (3, 1), False, collections.OrderedDict())
        class Pickler(pickle.Pickler):
            legacy = False
            def persistent_id(self, value):
                return (("storage", FloatStorage, "0", "cpu", 6) + ((None,) if self.legacy else ())) if isinstance(value, Storage) else None
        def dump(value, file, legacy=False):
            pickler = Pickler(file, protocol)
            pickler.legacy = legacy
            pickler.dump(value)
        value = {"model": collections.OrderedDict(w=Tensor()), "shape": Size((2, 3)), "step": 5, True: 1, b"key": 2, "bytes": b"x" * 300,
                 "array": bytearray(b"y" * 40), "set": {1, 2}, "frozen": frozenset([3]), "large": 1 << 100, "name": "K\u00f6y"}
        elements = bytes(range(24))
        data = io.BytesIO()
        dump(value, data)
        with zipfile.ZipFile(folder + "/a.pt", "w") as archive:
            archive.writestr("a/data.pkl", data.getvalue())
            archive.writestr("a/data/0", elements)
        with open(folder + "/b.pt", "wb") as file:
            for part in (0x1950a86a20f9469cfc6c, 1001, {"protocol_version": 1001, "little_endian": True}):
                dump(part, file)
            dump(value, file, legacy=True)
            dump(["0"], file)
            file.write(struct.pack("<q", 6) + elements)
        """;

    /// <summary>An archive that lies far behind the start of its file; before it, an archive's signature and zeros.</summary>
    private sealed class BehindAHole(long origin, byte[] archive) : ByteSource("memory")
    {
        public override long Length => origin + archive.Length;

        protected override int Read(long offset, Span<byte> destination)
        {
            for (int i = 0; i < destination.Length; i++)
            {
                long at = offset + i;
                destination[i] = at >= origin ? archive[at - origin] : at < 4 ? "PK\x3\x4"u8[(int)at] : (byte)0;
            }

            return destination.Length;
        }

        protected override void Dispose(bool disposing)
        {
        }
    }
}
