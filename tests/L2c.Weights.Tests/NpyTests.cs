using System.Text;
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
}
