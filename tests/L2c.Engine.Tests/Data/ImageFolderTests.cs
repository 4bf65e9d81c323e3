using System.Diagnostics;
using System.Globalization;
using L2c.Testing;
using L2c.Weights;
using SkiaSharp;

namespace L2c.Engine.Tests;

public sealed class ImageFolderTests : IDisposable
{
    // PyTorch's antialiased bicubic resampling is that of the Python Imaging Library, without its rounding to eight bits between the axes.
    private const string Resize = """
        import sys, torch
        size = int(sys.argv[2])
        pixels = torch.frombuffer(bytearray(open(sys.argv[1], "rb").read()), dtype=torch.uint8)
        square = pixels.view(1, int(sys.argv[3]), int(sys.argv[3]), 3).permute(0, 3, 1, 2).double()
        small = torch.nn.functional.interpolate(square, (size, size), mode="bicubic", antialias=True)
        print(*(small.clamp(0, 255) / 127.5 - 1).flatten().tolist())
        """;

    private readonly TemporaryFolder _folder = new();

    [Fact]
    public void Classes_are_folders_in_ordinal_order_and_every_format_is_read()
    {
        SKColor[] colours = [SKColors.Red, new SKColor(10, 200, 30), new SKColor(0, 0, 255)];
        Save("b/deep/er/x.PNG", Plain(40, 30, colours[2]), SKEncodedImageFormat.Png);
        Save("a/1.jpg", Plain(50, 64, colours[1]), SKEncodedImageFormat.Jpeg);
        Save("a/2.jpeg", Plain(8, 8, colours[1]), SKEncodedImageFormat.Jpeg);
        Save("Z/y.webp", Plain(33, 47, colours[0]), SKEncodedImageFormat.Webp);
        File.WriteAllText(_folder.File("a/notes.txt"), "no picture");
        ImageFolderData data = new(_folder.Path, 16, 1);
        Assert.Equal((3, 16, 3), (data.Channels, data.Size, data.Classes));
        Assert.Equal(["Z", "a", "b"], data.ClassNames);
        Assert.StartsWith($"{Path.GetFileName(_folder.Path)}, 4 pictures of 3 classes, order of seed 1, files ", data.Name, StringComparison.Ordinal);
        float[] image = new float[3 * 256];
        List<int> labels = [];
        for (int i = 0; i < 8; i++)
        {
            int label = data.Read(i, image);
            labels.Add(label);
            float[] expected = [colours[label].Red, colours[label].Green, colours[label].Blue];
            for (int v = 0; v < image.Length; v++)
            {
                Assert.InRange(image[v], (expected[v / 256] / 127.5f) - 1.05f, (expected[v / 256] / 127.5f) - 0.95f); // JPEG and WebP lose a little
            }
        }

        Assert.Equal([0, 0, 1, 1, 1, 1, 2, 2], labels.Order());
        Assert.Equal([0, 1, 1, 2], labels[..4].Order());
    }

    [Fact]
    public void The_name_is_that_of_the_files_wherever_they_lie()
    {
        Save("x/set/a/1.png", Plain(8, 8, SKColors.Red), SKEncodedImageFormat.Png);
        Save("y/set/a/1.png", Plain(8, 8, SKColors.Red), SKEncodedImageFormat.Png);
        string name = NameOf("x/set");
        Assert.Equal(name, NameOf("y/set/"));
        Assert.Equal(name, new ImageFolderData(Path.GetRelativePath(Environment.CurrentDirectory, _folder.File("x/set")), 8, 0).Name);
        Assert.DoesNotContain(_folder.Path, name, StringComparison.Ordinal);
        File.Move(_folder.File("y/set/a/1.png"), _folder.File("y/set/a/2.png"));
        Assert.NotEqual(name, NameOf("y/set"));
        Save("x/set/a/1.png", Plain(9, 31, SKColors.Red), SKEncodedImageFormat.Png);
        Assert.NotEqual(name, NameOf("x/set"));

        string NameOf(string folder) => new ImageFolderData(_folder.File(folder), 8, 0).Name;
    }

    [Fact]
    public void A_picture_of_the_models_size_is_its_pixels()
    {
        byte[] bytes = [.. Enumerable.Range(0, 3 * 64).Select(i => (byte)(i * 37))];
        SavePng("a/x.png", bytes, 8, 8);
        float[] image = new float[3 * 64];
        _ = new ImageFolderData(_folder.Path, 8, 0).Read(0, image);
        for (int i = 0; i < bytes.Length; i++)
        {
            Assert.Equal((bytes[i] / 127.5f) - 1, image[((i % 3) * 64) + (i / 3)], 1e-6f);
        }
    }

    [Theory]
    [InlineData(101, 64, 16)]
    [InlineData(47, 90, 32)]
    [InlineData(20, 25, 32)]
    public void The_centred_square_is_resampled_as_PyTorch_does(int width, int height, int size)
    {
        Assert.SkipUnless(Python.Has("torch"), "Debian's python3-torch is not installed");
        byte[] bytes = [.. RandomData.Integers(size, 3 * width * height, 256).Select(v => (byte)v)];
        SavePng("a/x.png", bytes, width, height);
        float[] image = new float[3 * size * size];
        _ = new ImageFolderData(_folder.Path, size, 0).Read(0, image);

        int side = Math.Min(width, height), left = (width - side) / 2, top = (height - side) / 2;
        IEnumerable<byte> square = Enumerable.Range(top, side).SelectMany(row => bytes.AsSpan(3 * ((row * width) + left), 3 * side).ToArray());
        File.WriteAllBytes(_folder.File("square"), [.. square]);
        string printed = Python.Run(Resize, _folder.File("square"), Text(size), Text(side));
        double[] expected = [.. printed.Split(' ').Select(word => double.Parse(word, CultureInfo.InvariantCulture))];
        Assert.Equal(image.Length, expected.Length);
        for (int i = 0; i < image.Length; i++)
        {
            Assert.Equal(expected[i], image[i], 1e-5);
        }
    }

    [Fact]
    public async Task A_pipe_among_pictures_is_refused_without_waiting_for_its_writer()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "named pipes are made by mkfifo");
        _ = Directory.CreateDirectory(_folder.File("a"));
        using (Process mkfifo = Process.Start("mkfifo", _folder.File("a/x.png")))
        {
            await mkfifo.WaitForExitAsync(TestContext.Current.CancellationToken);
        }

        // With both ends open nobody waits for this pipe, so a reader that opens it fails here and does not hang.
        using FileStream ends = new(_folder.File("a/x.png"), FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite, bufferSize: 0);
        ends.Write(new byte[100]);
        ImageFolderData data = new(_folder.Path, 8, 0);
        Assert.Contains(
            "x.png: is not a regular file",
            Assert.Throws<MalformedFileException>(() => data.Read(0, new float[3 * 64])).Message,
            StringComparison.Ordinal);
        Assert.Throws<MalformedFileException>(() => ImageSets.Open(_folder.File("a")));
        Assert.Throws<MalformedFileException>(() => ImageSets.Open(_folder.File("a/x.png")));
    }

    [Fact]
    public void Links_between_folders_end_and_no_picture_counts_twice()
    {
        Save("a/1.png", Plain(8, 8, SKColors.Red), SKEncodedImageFormat.Png);
        Save("b/2.png", Plain(8, 8, SKColors.Red), SKEncodedImageFormat.Png);
        Save("b/deep/3.png", Plain(8, 8, SKColors.Red), SKEncodedImageFormat.Png);
        foreach ((string link, string target) in ((string, string)[])[("a/loop", ".."), ("a/self", "."), ("b/deep/up", ".."), ("b/more", "deep")])
        {
            File.CreateSymbolicLink(_folder.File(link), target);
        }

        Assert.Equal(3, new ImageFolderData(_folder.Path, 8, 0).Count);
    }

    [Fact]
    public void Listing_stops_when_it_is_cancelled()
    {
        Save("a/1.png", Plain(8, 8, SKColors.Red), SKEncodedImageFormat.Png);
        CancellationToken cancelled = new(canceled: true);
        Assert.Throws<OperationCanceledException>(() => TrainingDataText.Open(_folder.Path, new DataNeeds(3, 8, null), 0, cancelled));
        Assert.Throws<OperationCanceledException>(() => ImageSets.Open(_folder.File("a"), cancel: cancelled));
        Assert.Throws<OperationCanceledException>(() => ImageSets.Open(_folder.Path, 8, cancelled));
    }

    [Fact]
    public void Damaged_pictures_and_folders_without_classes_are_refused()
    {
        Assert.Contains("one per class", Refusal(), StringComparison.Ordinal);
        SavePng("a/x.png", [.. RandomData.Integers(1, 3 * 64 * 64, 256).Select(v => (byte)v)], 64, 64);
        _ = Directory.CreateDirectory(_folder.File("b"));
        Assert.Contains("has no PNG", Refusal(), StringComparison.Ordinal);
        Directory.Delete(_folder.File("b"));

        byte[] good = File.ReadAllBytes(_folder.File("a/x.png"));
        File.WriteAllBytes(_folder.File("a/x.png"), good[..^1000]);
        Assert.Contains("x.png: ends at byte", Refusal(), StringComparison.Ordinal);
        File.WriteAllBytes(_folder.File("a/x.png"), good[..^2]); // inside the last checksum, behind all pixels
        Assert.Contains("x.png: ends at byte", Refusal(), StringComparison.Ordinal);
        File.WriteAllBytes(_folder.File("a/x.png"), [.. good[..^13], (byte)(good[^13] ^ 1), .. good[^12..]]);
        Assert.Contains("x.png: has a wrong checksum in its IDAT", Refusal(), StringComparison.Ordinal);
        File.WriteAllText(_folder.File("a/x.png"), "no picture");
        Assert.Contains("x.png: is not a picture", Refusal(), StringComparison.Ordinal);
        File.WriteAllBytes(_folder.File("a/x.png"), []);
        Assert.Contains("x.png: is empty", Refusal(), StringComparison.Ordinal);

        string Refusal() =>
            Assert.Throws<MalformedFileException>(() => new ImageFolderData(_folder.Path, 8, 0).Read(0, new float[3 * 64])).Message;
    }

    public void Dispose() => _folder.Dispose();

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    private static SKBitmap Plain(int width, int height, SKColor colour)
    {
        SKBitmap bitmap = new(new SKImageInfo(width, height, SKColorType.Rgba8888, SKAlphaType.Opaque));
        bitmap.Erase(colour);
        return bitmap;
    }

    private void SavePng(string name, byte[] rgb, int width, int height)
    {
        RgbImage picture = new(width, height);
        rgb.CopyTo(picture.Pixels, 0);
        using FileStream file = File.Create(Made(name));
        PngWriter.Write(file, picture, "l2c", "test");
    }

    private void Save(string name, SKBitmap bitmap, SKEncodedImageFormat format)
    {
        using FileStream file = File.Create(Made(name));
        Assert.True(bitmap.Encode(file, format, 95));
        bitmap.Dispose();
    }

    private string Made(string name)
    {
        _ = Directory.CreateDirectory(Path.GetDirectoryName(_folder.File(name))!);
        return _folder.File(name);
    }
}
