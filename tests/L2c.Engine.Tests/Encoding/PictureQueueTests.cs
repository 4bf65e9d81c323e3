using L2c.Testing;
using L2c.Weights;

namespace L2c.Engine.Tests;

/// <summary>Pictures decoded ahead: in order, so many at a time, and to an end whatever they are.</summary>
public sealed class PictureQueueTests : IDisposable
{
    private const int Size = 8;

    private readonly TemporaryFolder _folder = new();

    [Theory]
    [InlineData(1, 1)]
    [InlineData(4, 2)]
    [InlineData(50, 8)]
    public void Pictures_come_in_the_order_of_the_listing_from_where_it_begins(int ahead, int threads)
    {
        Pictures(20);
        using PictureQueue queue = new(PictureListing.Of(_folder.Path, default), 3, Size, ahead, threads, default);
        for (int position = 3; position < 20; position++)
        {
            Assert.False(queue.IsEmpty);
            Assert.Equal(position, queue.Peek().Position);
            PreparedPicture picture = queue.Take();
            Assert.Equal((position, null, (uint)position), (picture.Position, picture.Problem, picture.Pixels![0] & 0xFF));
            PictureQueue.Return(picture);
        }

        Assert.True(queue.IsEmpty);
    }

    [Fact]
    public void No_more_are_opened_than_are_asked_for_ahead()
    {
        Pictures(20);
        using PictureQueue queue = new(PictureListing.Of(_folder.Path, default), 0, Size, 4, 2, default);
        _ = queue.Take();

        // Five are open or done, one taken and four ahead; the others may go, and only who comes to them is told.
        for (int position = 5; position < 20; position++)
        {
            File.Delete(Name(position));
        }

        for (int position = 1; position < 5; position++)
        {
            Assert.Equal(position, queue.Take().Position);
        }

        Assert.Contains("05.png", Assert.ThrowsAny<IOException>(() => queue.Take()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_wrong_with_a_picture_is_told_with_its_name_and_the_rest_follows()
    {
        Pictures(4);
        File.WriteAllText(Name(1), "no picture");
        Write(2, new RgbImage(300, 7));
        using PictureQueue queue = new(PictureListing.Of(_folder.Path, default), 0, Size, 2, 2, default);
        string?[] problems = [.. Enumerable.Range(0, 4).Select(_ => queue.Take().Problem)];
        Assert.Equal(
            [
                null,
                $"{Name(1)}: is not a picture that can be decoded (Unimplemented); repair or remove it",
                $"{Name(2)}: has 300 x 7 pixels, fewer than 8 on a side; remove it",
                null,
            ],
            problems);
    }

    [Fact]
    public void Large_files_come_one_at_a_time_and_have_the_same_pixels()
    {
        string picture = Path.Combine(RepositoryPaths.Root!, "tests", "fixtures", "crops", "half-resolution-colour.jpg");
        foreach (string name in (string[])["a.jpg", "b.jpg", "c.jpg"])
        {
            File.Copy(picture, _folder.File(name));
        }

        // Behind its last marker a JPEG may have anything; a hole takes no space.
        foreach (string name in (string[])["b.jpg", "c.jpg"])
        {
            using FileStream file = File.OpenWrite(_folder.File(name));
            file.SetLength(PictureQueue.LargeBytes + 1);
        }

        using PictureQueue queue = new(PictureListing.Of(_folder.Path, default), 0, Size, 3, 3, default);
        uint[][] squares = [.. Enumerable.Range(0, 3).Select(_ => queue.Take().Pixels!.AsSpan(0, Size * Size).ToArray())];
        Assert.Equal(squares[0], squares[1]);
        Assert.Equal(squares[0], squares[2]);
    }

    [Fact]
    public void Cancelled_it_ends_and_frees_its_files()
    {
        Pictures(20);
        using CancellationTokenSource cancel = new();
        using (PictureQueue queue = new(PictureListing.Of(_folder.Path, default), 0, Size, 3, 1, cancel.Token))
        {
            _ = queue.Take();
            cancel.Cancel();
            Assert.ThrowsAny<OperationCanceledException>(() =>
            {
                while (!queue.IsEmpty)
                {
                    _ = queue.Take();
                }
            });
        }
    }

    [Fact]
    public void Names_decide_the_order_and_what_is_a_picture()
    {
        foreach (string name in (string[])["b/10.PNG", "b/9.jpeg", "a/x/y.WebP", "a/z.jpg", "a/notes.txt", "Z/1.png"])
        {
            _ = Directory.CreateDirectory(Path.GetDirectoryName(_folder.File(name))!);
            File.WriteAllText(_folder.File(name), "");
        }

        var listing = PictureListing.Of(_folder.Path, default);
        Assert.Equal(["Z", "a", "b"], listing.Classes);
        Assert.Equal(["Z/1.png", "a/x/y.WebP", "a/z.jpg", "b/10.PNG", "b/9.jpeg"], Enumerable.Range(0, listing.Count).Select(listing.Name));
        Assert.Equal([0, 1, 1, 2, 2], listing.Pictures.Select(picture => picture.Label));
        Assert.Equal("a/z.jpg 0", listing.Line(2));
        Assert.Throws<OperationCanceledException>(() => PictureListing.Of(_folder.Path, new CancellationToken(canceled: true)));
        var flat = PictureListing.Of(_folder.File("b"), default);
        Assert.Empty(flat.Classes);
        Assert.Equal([0, 0], flat.Pictures.Select(picture => picture.Label));
        Assert.Throws<MalformedFileException>(() => PictureListing.OfClasses(_folder.File("b"), default));
    }

    public void Dispose() => _folder.Dispose();

    private string Name(int position) => _folder.File($"{position:00}.png");

    /// <summary>Pictures whose red is their number.</summary>
    private void Pictures(int count)
    {
        for (int position = 0; position < count; position++)
        {
            RgbImage picture = new(12, 9);
            for (int i = 0; i < picture.Pixels.Length; i += 3)
            {
                picture.Pixels[i] = (byte)position;
            }

            Write(position, picture);
        }
    }

    private void Write(int position, RgbImage picture)
    {
        using FileStream file = File.Create(Name(position));
        PngWriter.Write(file, picture, "l2c", "test");
    }
}
