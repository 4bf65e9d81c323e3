using System.Text;
using L2c.Testing;
using L2c.Testing.Files;
using L2c.Weights.Npy;

namespace L2c.Weights.Tests;

public class NpyTests
{
    [Theory]
    [InlineData(TensorType.F64, "<f8")]
    [InlineData(TensorType.F32, "<f4")]
    [InlineData(TensorType.F16, "<f2")]
    [InlineData(TensorType.I64, "<i8")]
    [InlineData(TensorType.I32, "<i4")]
    [InlineData(TensorType.I16, "<i2")]
    [InlineData(TensorType.I8, "|i1")]
    [InlineData(TensorType.U64, "<u8")]
    [InlineData(TensorType.U32, "<u4")]
    [InlineData(TensorType.U16, "<u2")]
    [InlineData(TensorType.U8, "|u1")]
    [InlineData(TensorType.Bool, "|b1")]
    public void The_header_says_what_NumPy_expects(TensorType type, string descr)
    {
        using TemporaryFolder folder = new();
        byte[] elements = FileBytes.Counting(6 * type.Size());
        NpyFile.Write(folder.File("a.npy"), type, [2, 3], elements, overwrite: false);
        byte[] bytes = File.ReadAllBytes(folder.File("a.npy"));

        int header = BitConverter.ToUInt16(bytes, 8);
        Assert.Equal([0x93, (byte)'N', (byte)'U', (byte)'M', (byte)'P', (byte)'Y', 1, 0], bytes[..8]);
        Assert.Equal(0, (10 + header) % 64);
        Assert.Equal($"{{'descr': '{descr}', 'fortran_order': False, 'shape': (2, 3), }}", Encoding.ASCII.GetString(bytes, 10, header).TrimEnd());
        Assert.Equal((byte)'\n', bytes[9 + header]);
        Assert.Equal(elements, bytes[(10 + header)..]);
    }

    [Theory]
    [InlineData(new long[] { }, "'shape': (), }")]
    [InlineData(new long[] { 4 }, "'shape': (4,), }")]
    [InlineData(new long[] { 0, 4 }, "'shape': (0, 4), }")]
    public void Shapes_are_Python_tuples(long[] shape, string expected)
    {
        using TemporaryFolder folder = new();
        TensorInfo info = new("a", TensorType.U8, shape);
        NpyFile.Write(folder.File("a.npy"), info.Type, shape, new byte[info.Bytes], overwrite: false);
        Assert.Contains(expected, Encoding.ASCII.GetString(File.ReadAllBytes(folder.File("a.npy"))));
    }

    [Fact]
    public void What_NumPy_has_not_and_what_does_not_fit_is_refused()
    {
        using TemporaryFolder folder = new();
        Assert.Throws<ArgumentException>(() => NpyFile.Write(folder.File("a"), TensorType.BF16, [1], new byte[2], overwrite: false));
        Assert.Throws<ArgumentException>(() => NpyFile.Write(folder.File("a"), TensorType.F32, [2], new byte[4], overwrite: false));
        Assert.Empty(folder.Files);
    }

    [Theory]
    [InlineData(TensorType.F64)]
    [InlineData(TensorType.F32)]
    [InlineData(TensorType.F16)]
    [InlineData(TensorType.I64)]
    [InlineData(TensorType.I32)]
    [InlineData(TensorType.I16)]
    [InlineData(TensorType.I8)]
    [InlineData(TensorType.U64)]
    [InlineData(TensorType.U32)]
    [InlineData(TensorType.U16)]
    [InlineData(TensorType.U8)]
    [InlineData(TensorType.Bool)]
    public void What_was_written_is_read_back(TensorType type)
    {
        using TemporaryFolder folder = new();
        byte[] elements = type == TensorType.Bool ? [0, 1, 1, 0, 1, 0] : FileBytes.Counting(6 * type.Size());
        foreach (long[] shape in (long[][])[[2, 3], [6], [1, 6, 1]])
        {
            NpyFile.Write(folder.File("a.npy"), type, shape, elements, overwrite: true);
            using TensorFile file = TensorFiles.Open(folder.File("a.npy"));
            TensorInfo array = Assert.Single(file.Tensors);
            Assert.Equal(("npy", NpyTensorFile.Name, type), (file.Format, array.Name, array.Type));
            Assert.Equal(shape, array.Shape);
            Assert.Equal(elements, file.Bytes(NpyTensorFile.Name));
            byte[] last = new byte[2 * type.Size()];
            file.ReadBytes(array, 4, last);
            Assert.Equal(elements[^last.Length..], last);
        }
    }

    [Theory]
    [InlineData("numpy.float32(2.5)", new long[] { }, new[] { 2.5f })]
    [InlineData("numpy.arange(3, dtype=numpy.float32)", new long[] { 3 }, new[] { 0f, 1, 2 })]
    [InlineData("numpy.asfortranarray(numpy.ones((1, 2), numpy.float32))", new long[] { 1, 2 }, new[] { 1f, 1 })]
    [InlineData("numpy.zeros((0, 3), numpy.float32)", new long[] { 0, 3 }, new float[0])]
    public void What_NumPy_writes_is_read(string array, long[] shape, float[] expected)
    {
        Assert.SkipUnless(Python.Has("numpy"), "Debian's python3-numpy is not installed");
        using TemporaryFolder folder = new();
        _ = Python.Run($"import sys, numpy; numpy.save(sys.argv[1], {array})", folder.File("a.npy"));
        using TensorFile file = TensorFiles.Open(folder.File("a.npy"));
        Assert.Equal(shape, file.Tensors[0].Shape);
        Assert.Equal(expected, file.Floats(NpyTensorFile.Name));
    }
}
