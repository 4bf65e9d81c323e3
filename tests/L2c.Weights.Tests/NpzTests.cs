using System.IO.Compression;
using L2c.Testing;
using L2c.Testing.Files;
using L2c.Weights.Npy;

namespace L2c.Weights.Tests;

public class NpzTests
{
    [Theory]
    [InlineData(CompressionLevel.NoCompression)]
    [InlineData(CompressionLevel.Optimal)]
    public void Arrays_are_found_by_name_and_read_from_any_element(CompressionLevel level)
    {
        using TemporaryFolder folder = new();
        byte[] a = FileBytes.Counting(24), b = FileBytes.Counting(6);
        string path = Write(folder, level, ("a.npy", TensorType.F32, [2, 3], a), ("b.npy", TensorType.U8, [6], b));
        using TensorFile file = TensorFiles.Open(path);
        Assert.Equal(("npz", "a F32 [2, 3]", "b U8 [6]"), (file.Format, file.Tensors[0].ToString(), file.Tensors[1].ToString()));
        byte[] part = new byte[8], whole = new byte[6];
        file.ReadBytes(file.Find("a")!, 3, part);
        file.ReadBytes(file.Find("b")!, 0, whole);
        Assert.Equal(a[12..20], part);
        Assert.Equal(b, whole);
        Assert.Null(file.Find("a.npy"));
        Assert.Throws<ArgumentOutOfRangeException>(() => file.ReadBytes(file.Find("b")!, 5, new byte[2]));
    }

    [Theory]
    [InlineData("savez")]
    [InlineData("savez_compressed")]
    public void What_NumPy_writes_is_read(string function)
    {
        Assert.SkipUnless(Python.Has("numpy"), "Python has no NumPy");
        using TemporaryFolder folder = new();
        _ = Python.Run(
            $"import numpy, sys; numpy.{function}(sys.argv[1], numpy.arange(12, dtype='uint8').reshape(1, 2, 2, 3), y=numpy.float64(2.5))",
            folder.File("n.npz"));
        using TensorFile file = TensorFiles.Open(folder.File("n.npz"));
        byte[] images = new byte[12], scalar = new byte[8];
        file.ReadBytes(file.Find("arr_0")!, 0, images);
        file.ReadBytes(file.Find("y")!, 0, scalar);
        Assert.Equal(Enumerable.Range(0, 12), images.Select(value => (int)value));
        Assert.Equal(2.5, BitConverter.ToDouble(scalar));
    }

    [Fact]
    public void Damage_and_strangers_are_refused()
    {
        using TemporaryFolder folder = new();
        string path = Write(folder, CompressionLevel.NoCompression, ("a.npy", TensorType.U8, [64], FileBytes.Counting(64)));
        byte[] bytes = File.ReadAllBytes(path);
        bytes[200] ^= 1;
        Assert.Contains("checksum", Assert.Throws<MalformedFileException>(() => TensorFiles.Open(ByteSource.FromMemory("damaged", bytes))).Message);
        Assert.Throws<MalformedFileException>(() => TensorFiles.Open(ByteSource.FromMemory("short", bytes.AsMemory(0, bytes.Length - 10))));
        using (ZipArchive archive = ZipFile.Open(path, ZipArchiveMode.Update))
        {
            using Stream stranger = archive.CreateEntry("b.txt").Open();
            stranger.Write("text"u8);
        }

        Assert.Contains("which is not an array", Assert.Throws<MalformedFileException>(() => TensorFiles.Open(path)).Message);
    }

    private static string Write(
        TemporaryFolder folder, CompressionLevel level, params (string Name, TensorType Type, long[] Shape, byte[] Elements)[] arrays)
    {
        string path = folder.File("a.npz");
        using ZipArchive archive = ZipFile.Open(path, ZipArchiveMode.Create);
        foreach ((string name, TensorType type, long[] shape, byte[] elements) in arrays)
        {
            NpyFile.Write(folder.File(name), type, shape, elements, overwrite: false);
            _ = archive.CreateEntryFromFile(folder.File(name), name, level);
        }

        return path;
    }
}
