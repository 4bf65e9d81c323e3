using System.Text;
using L2c.Testing;
using L2c.Testing.Files;
using L2c.Weights.Npy;

namespace L2c.Weights.Tests;

public class NpzArchiveTests
{
    private const int Images = 7, Side = 3, ImageBytes = 3 * Side * Side;

    [Fact]
    public void What_is_written_in_parts_is_read_in_parts()
    {
        byte[] pixels = FileBytes.Counting(Images * ImageBytes);
        using TemporaryFolder folder = new();
        string path = Write(folder, pixels);
        using (var archive = NpzArchive.Open(path))
        {
            NpzImages images = archive.Images();
            Assert.Equal((Images, Side, Side), (images.Count, images.Height, images.Width));
            byte[] some = new byte[3 * ImageBytes];
            images.Read(2, some);
            Assert.Equal(pixels[(2 * ImageBytes)..(5 * ImageBytes)], some);
            Assert.Throws<ArgumentException>(() => images.Read(5, some));
            Assert.Null(archive.Statistics());
        }

        using TensorFile tensors = TensorFiles.Open(path);
        byte[] labels = new byte[Images * sizeof(long)];
        tensors.ReadBytes(tensors.Find("arr_1")!, 0, labels);
        Assert.Equal(4, BitConverter.ToInt64(labels, 4 * sizeof(long)));
        Assert.Equal(File.ReadAllBytes(path), File.ReadAllBytes(Write(folder, pixels, "again.npz")));
    }

    [Fact]
    public void NumPy_reads_it()
    {
        Assert.SkipUnless(Python.Has("numpy"), "Python has no NumPy");
        using TemporaryFolder folder = new();
        string path = Write(folder, FileBytes.Counting(Images * ImageBytes));
        string text = Python.Run("import numpy, sys; f = numpy.load(sys.argv[1]); print(f['arr_0'].shape, f['arr_0'][1, 0, 0], f['arr_1'])", path);
        Assert.Equal($"({Images}, {Side}, {Side}, 3) [27 28 29] [0 1 2 3 4 5 6]", text.Trim());
    }

    [Fact]
    public void A_deflated_array_beyond_the_limit_is_inflated_in_order()
    {
        // More than what is inflated whole, of numbers that compress little enough.
        byte[] pixels = new byte[(int)ReadLimits.InflatedEntryBytes + (3 << 20)];
        Random random = new(3);
        Span<byte> word = stackalloc byte[16];
        for (int i = 0; i < pixels.Length; i += word.Length)
        {
            random.NextBytes(word);
            word[5..].Clear();
            word.CopyTo(pixels.AsSpan(i, word.Length));
        }

        byte[] header = NpyFile.Header(TensorType.U8, [pixels.Length / 3072, 32, 32, 3]);
        byte[] bytes = ZipBuilder.Build([new ZipPart("arr_0.npy", [.. header, .. pixels.AsSpan(0, pixels.Length / 3072 * 3072)]) { Deflate = true }]);
        using TemporaryFolder folder = new();
        File.WriteAllBytes(folder.File("a.npz"), bytes);
        using (var archive = NpzArchive.Open(folder.File("a.npz")))
        {
            NpzImages images = archive.Images();
            byte[] read = new byte[2 * 3072];
            foreach (long first in (long[])[0, images.Count - 2, 1000])
            {
                images.Read(first, read);
                Assert.Equal(pixels[((int)first * 3072)..(((int)first * 3072) + read.Length)], read);
            }
        }

        Assert.Throws<MalformedFileException>(() => TensorFiles.Open(folder.File("a.npz")));
        CountedSource counted = new(bytes);
        using (var archive = NpzArchive.Open(counted))
        {
            Assert.True(archive.HasByteImages);
            _ = archive.Images();
            Assert.InRange(counted.BytesRead, bytes.Length, bytes.Length + (4 << 20)); // verified once
        }

        bytes[bytes.Length / 2] ^= 64;
        File.WriteAllBytes(folder.File("b.npz"), bytes);
        using var damaged = NpzArchive.Open(folder.File("b.npz"));
        Assert.Throws<MalformedFileException>(() => damaged.Images());
    }

    [Fact]
    public void A_small_array_that_claims_to_be_deflated_to_much_takes_no_memory()
    {
        const long Claimed = 1L << 29;
        byte[] zip = ZipBuilder.Build([new ZipPart("arr_0.npy", NpyFile.Header(TensorType.U8, [1, 2, 2, 3])) { Deflate = true, Size = 140 }]);
        int directory = zip.AsSpan().IndexOf("PK\x01\x02"u8), data = 30 + "arr_0.npy".Length;
        long moved = Claimed - (directory - data);
        BitConverter.TryWriteBytes(zip.AsSpan(18), (uint)Claimed);
        BitConverter.TryWriteBytes(zip.AsSpan(directory + 20), (uint)Claimed);
        BitConverter.TryWriteBytes(zip.AsSpan(zip.Length - 6), (uint)(directory + moved));
        using SparseStream stream = new();
        stream.Write(zip.AsSpan(0, directory));
        stream.Position = directory + moved;
        stream.Write(zip.AsSpan(directory));
        using var archive = NpzArchive.Open(stream.Source(stream.End));
        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Throws<MalformedFileException>(() => archive.Images());
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 16 << 20);
    }

    [Fact]
    public void Images_in_Fortrans_order_that_would_take_too_much_memory_twice_are_refused()
    {
        long[] shape = [(ReadLimits.InflatedBytes / 2 / (3 << 20)) + 1, 1024, 1024, 3];
        byte[] header = Encoding.Latin1.GetBytes(Encoding.Latin1.GetString(NpyFile.Header(TensorType.U8, shape)).Replace("False", "True "));
        using SparseStream stream = new();
        stream.Write(header);
        ByteSource source = stream.Source(header.Length + (shape[0] * 3 << 20));
        Assert.Contains("Fortran", Assert.Throws<MalformedFileException>(() => new NpzImages(source)).Message);
    }

    [Fact]
    public void A_member_without_the_magic_is_refused()
    {
        byte[] array = [.. NpyFile.Header(TensorType.U8, [1, 2, 2, 3]), .. FileBytes.Counting(12)];
        array[0] = (byte)'n';
        using var archive = NpzArchive.Open(ByteSource.FromMemory("memory", ZipBuilder.Build([new ZipPart("arr_0.npy", array)])));
        Assert.Contains("does not start like a NumPy array", Assert.Throws<MalformedFileException>(() => archive.Images()).Message);
    }

    [Fact]
    public void A_bomb_is_refused()
    {
        byte[] array = [.. NpyFile.Header(TensorType.U8, [1 << 10, 64, 64, 3]), .. new byte[3 << 22]];
        byte[] bytes = ZipBuilder.Build([new ZipPart("arr_0.npy", array) { Deflate = true }]);
        using TemporaryFolder folder = new();
        File.WriteAllBytes(folder.File("a.npz"), bytes);
        Assert.Contains("inflates", Assert.Throws<MalformedFileException>(() => NpzArchive.Open(folder.File("a.npz"))).Message);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Whatever_byte_is_damaged_it_is_read_or_refused_in_one_line(bool deflate)
    {
        ZipPart Part(string name, TensorType type, long[] shape, byte[] elements) =>
            new($"{name}.npy", [.. NpyFile.Header(type, shape), .. elements]) { Deflate = deflate };
        byte[] whole = ZipBuilder.Build([
            Part("arr_0", TensorType.U8, [2, 2, 2, 3], FileBytes.Counting(24)),
            Part("mu", TensorType.F32, [2], FileBytes.Counting(8)),
            Part("sigma", TensorType.F64, [2, 2], FileBytes.Counting(32)),
        ]);
        int refused = 0;
        for (int at = 0; at < whole.Length; at++)
        {
            foreach (byte flipped in (byte[])[1, 0x80, 0xFF])
            {
                byte[] damaged = [.. whole];
                damaged[at] ^= flipped;
                refused += IsRead(damaged) ? 0 : 1;
            }

            Assert.False(IsRead(whole[..at]));
        }

        Assert.True(IsRead(whole));
        Assert.InRange(refused, whole.Length, 3 * whole.Length);

        static bool IsRead(byte[] bytes)
        {
            try
            {
                using var archive = NpzArchive.Open(ByteSource.FromMemory("memory", bytes));
                NpzImages images = archive.Images();
                byte[] pixels = new byte[images.Count * images.ImageBytes];
                images.Read(0, pixels);
                _ = archive.Statistics();
                return true;
            }
            catch (MalformedFileException e)
            {
                Assert.StartsWith("memory: ", e.Message);
                Assert.DoesNotContain(e.Message, char.IsControl);
                return false;
            }
        }
    }

    [Theory]
    [InlineData("arr_1", TensorType.U8, new long[] { 1, 2, 2, 3 }, "arr_0")]
    [InlineData("arr_0", TensorType.U8, new long[] { 1, 3, 2, 2 }, "[N, H, W, 3]")]
    [InlineData("arr_0", TensorType.I8, new long[] { 1, 2, 2, 3 }, "uint8")]
    [InlineData("arr_0", TensorType.U8, new long[] { 12 }, "[N, H, W, 3]")]
    public void Other_images_are_refused(string name, TensorType type, long[] shape, string word)
    {
        using TemporaryFolder folder = new();
        string path = WriteArrays(folder, (name, type, shape, FileBytes.Counting(12)));
        using var archive = NpzArchive.Open(path);
        string message = Assert.Throws<MalformedFileException>(() => archive.Images()).Message;
        Assert.Contains(word, message);
        Assert.DoesNotContain('\n', message);
    }

    [Fact]
    public void Statistics_have_a_mean_and_a_covariance_that_fit()
    {
        using TemporaryFolder folder = new();
        byte[] mean = [.. BitConverter.GetBytes(1f), .. BitConverter.GetBytes(2f)];
        byte[] covariance = [.. new[] { 1.0, 0.5, 0.5, 2 }.SelectMany(BitConverter.GetBytes)];
        using (var archive = NpzArchive.Open(WriteArrays(folder, ("mu", TensorType.F32, [2], mean), ("sigma", TensorType.F64, [2, 2], covariance))))
        {
            NpzStatistics statistics = archive.Statistics()!;
            Assert.Equal([1, 2], statistics.Mean);
            Assert.Equal([1, 0.5, 0.5, 2], statistics.Covariance);
            Assert.Contains("mu_s", Assert.Throws<MalformedFileException>(() => archive.SpatialStatistics()).Message);
        }

        using (var archive = NpzArchive.Open(WriteArrays(folder, ("mu", TensorType.F32, [2], mean))))
        {
            Assert.Contains("sigma", Assert.Throws<MalformedFileException>(() => archive.Statistics()).Message);
        }

        string other = WriteArrays(folder, ("mu", TensorType.F32, [1], mean[..4]), ("sigma", TensorType.F64, [2, 2], covariance));
        using (var archive = NpzArchive.Open(other))
        {
            Assert.Contains("[D, D]", Assert.Throws<MalformedFileException>(() => archive.Statistics()).Message);
        }
    }

    [Fact]
    public void An_array_of_more_than_4_GiB_has_the_long_form()
    {
        const long count = (1L << 32) + 100;
        using SparseStream stream = new();
        NpzWriter writer = new(stream);
        writer.Begin("arr_0", TensorType.U8, count);
        byte[] zeros = new byte[1 << 20];
        for (long at = 0; at < count; at += zeros.Length)
        {
            writer.Write(zeros.AsSpan(0, (int)Math.Min(zeros.Length, count - at)));
        }

        writer.End();
        writer.Begin("arr_1", TensorType.U8, 2);
        writer.Write([8, 9]);
        writer.End();
        writer.Finish();
        long end = stream.End;
        Assert.Throws<InvalidOperationException>(() =>
        {
            writer.Begin("arr_2", TensorType.U8, 2);
            writer.Write([8]);
            writer.End();
        });
        using TensorFile file = TensorFiles.Open(stream.Source(end));
        byte[] last = new byte[2];
        file.ReadBytes(file.Find("arr_1")!, 0, last);
        Assert.Equal([8, 9], last);
        Assert.Equal(count, file.Find("arr_0")!.Count);
    }

    private static string Write(TemporaryFolder folder, byte[] pixels, string name = "a.npz")
    {
        AtomicFile.Write(folder.File(name), overwrite: false, stream =>
        {
            NpzWriter writer = new(stream);
            writer.Begin("arr_0", TensorType.U8, Images, Side, Side, 3);
            writer.Write(pixels.AsSpan(0, 10));
            writer.Write(pixels.AsSpan(10));
            writer.End();
            writer.Begin("arr_1", TensorType.I64, Images);
            for (long i = 0; i < Images; i++)
            {
                writer.Write(BitConverter.GetBytes(i));
            }

            writer.End();
            writer.Finish();
        });
        return folder.File(name);
    }

    private static string WriteArrays(TemporaryFolder folder, params (string Name, TensorType Type, long[] Shape, byte[] Elements)[] arrays)
    {
        AtomicFile.Write(folder.File("b.npz"), overwrite: true, stream =>
        {
            NpzWriter writer = new(stream);
            foreach ((string name, TensorType type, long[] shape, byte[] elements) in arrays)
            {
                writer.Begin(name, type, shape);
                writer.Write(elements);
                writer.End();
            }

            writer.Finish();
        });
        return folder.File("b.npz");
    }
}
