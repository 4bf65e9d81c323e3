using System.Buffers;
using System.Runtime.InteropServices;
using L2c.Weights;
using SkiaSharp;

namespace L2c;

/// <summary>
/// The pictures of a listing in its order, decoded and cropped (<see cref="CentreCrop"/>) ahead of whoever takes them, on several threads.
/// </summary>
/// <remarks>
/// So many squares are in memory as are prepared ahead. Of pictures whose files or pixels are large, one at a time is read and decoded: what
/// strangers' files hold does not multiply by the threads.
/// </remarks>
internal sealed class PictureQueue : IDisposable
{
    /// <summary>Pixels of the shorter side below which a picture is refused: less than a latent's cell is no picture.</summary>
    public const int LeastSide = 8;

    /// <summary>Bytes of a file, and pixels, above which one picture at a time is in memory.</summary>
    public const long LargeBytes = 1L << 26, LargePixels = 1L << 24;

    private readonly PictureListing _listing;
    private readonly int _size;
    private readonly int _ahead;
    private readonly CancellationTokenSource _stop;
    private readonly TaskScheduler _threads;
    private readonly Queue<Task<PreparedPicture>> _prepared = [];
    private readonly Lock _large = new();
    private int _next;

    /// <summary>Begins to prepare.</summary>
    /// <param name="listing">The pictures.</param>
    /// <param name="first">First picture to take.</param>
    /// <param name="size">Side of the squares.</param>
    /// <param name="ahead">Squares that are prepared ahead, at least 1.</param>
    /// <param name="threads">Threads that prepare, at least 1.</param>
    /// <param name="cancel">Ends the waiting for a picture.</param>
    public PictureQueue(PictureListing listing, int first, int size, int ahead, int threads, CancellationToken cancel)
    {
        (_listing, _next, _size, _ahead) = (listing, first, size, ahead);
        _stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        _threads = new ConcurrentExclusiveSchedulerPair(TaskScheduler.Default, threads).ConcurrentScheduler;
        Refill();
    }

    /// <summary>Whether all pictures have been taken.</summary>
    public bool IsEmpty => _prepared.Count == 0;

    /// <summary>The next picture, which stays.</summary>
    /// <exception cref="IOException">It cannot be read for a reason that does not lie in it.</exception>
    /// <exception cref="OperationCanceledException">The task was cancelled.</exception>
    public PreparedPicture Peek() => _prepared.Peek().GetAwaiter().GetResult();

    /// <summary>Takes the next picture. Its pixels are given back with <see cref="Return"/>.</summary>
    /// <inheritdoc cref="Peek"/>
    public PreparedPicture Take()
    {
        PreparedPicture picture = Peek();
        _ = _prepared.Dequeue();
        Refill();
        return picture;
    }

    /// <summary>Lets the pixels of a picture be used for another.</summary>
    public static void Return(PreparedPicture picture)
    {
        if (picture.Pixels is not null)
        {
            ArrayPool<uint>.Shared.Return(picture.Pixels);
        }
    }

    /// <summary>Ends the preparing, and waits for it.</summary>
    public void Dispose()
    {
        _stop.Cancel();
        Task.WhenAll(_prepared).ContinueWith(_ => { }, TaskScheduler.Default).Wait();
        _stop.Dispose();
    }

    private void Refill()
    {
        while (_prepared.Count < _ahead && _next < _listing.Count)
        {
            int position = _next++;
            _prepared.Enqueue(Task.Factory.StartNew(() => Prepare(position), _stop.Token, TaskCreationOptions.DenyChildAttach, _threads));
        }
    }

    private PreparedPicture Prepare(int position)
    {
        try
        {
            using ByteSource source = ByteSource.OpenFile(_listing.Pictures[position].Path);
            if (source.Length <= LargeBytes)
            {
                return Prepare(position, source);
            }

            lock (_large)
            {
                return Prepare(position, source);
            }
        }
        catch (MalformedFileException e)
        {
            return new PreparedPicture(position, null, e.Message);
        }
    }

    private PreparedPicture Prepare(int position, ByteSource source)
    {
        using OpenedPicture picture = OpenedPicture.Open(source);
        if (Math.Min(picture.Width, picture.Height) < LeastSide)
        {
            string problem = $"{source.Path}: has {picture.Width} x {picture.Height} pixels, fewer than {LeastSide} on a side; remove it";
            return new PreparedPicture(position, null, problem);
        }

        if ((long)picture.Width * picture.Height <= LargePixels)
        {
            return new PreparedPicture(position, Crop(picture), null);
        }

        lock (_large)
        {
            return new PreparedPicture(position, Crop(picture), null);
        }
    }

    private uint[] Crop(OpenedPicture picture)
    {
        using SKBitmap decoded = picture.Decode();
        uint[] square = ArrayPool<uint>.Shared.Rent(_size * _size);
        ReadOnlySpan<uint> pixels = MemoryMarshal.Cast<byte, uint>(decoded.GetPixelSpan());
        CentreCrop.Crop(pixels, decoded.Width, decoded.Height, _size, square.AsSpan(0, _size * _size));
        return square;
    }
}
