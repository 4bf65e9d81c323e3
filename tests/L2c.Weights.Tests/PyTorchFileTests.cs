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
    [InlineData("ByteStorage", TensorType.U8)]
    [InlineData("BoolStorage", TensorType.Bool)]
    public void Every_storage_type_has_its_dtype(string storage, TensorType type)
    {
        byte[] elements = [.. FileBytes.Counting(3 * type.Size()).Select(b => type == TensorType.Bool ? (byte)(b & 1) : b)];
        using TensorFile file = Reading.Open(FileBytes.TorchZip(new PickleBuilder().Tensor("0", storage, 3, 0, [3], [1]).Stop(), elements));
        Assert.Equal(type, Assert.Single(file.Tensors).Type);
        Assert.Equal(elements, file.Bytes("tensor"));
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
