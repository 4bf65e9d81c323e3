using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using L2c.Weights;

namespace L2c;

/// <summary>Reads many images of a set in their order, some hundred at once on several threads.</summary>
/// <param name="threads">Threads that read; 0 for one per core.</param>
/// <param name="context">For progress and cancellation.</param>
internal sealed class ImageReader(int threads, TaskContext context)
{
    private const int MostAtOnce = 256, MostValuesAtOnce = 1 << 26;

    /// <summary>Images of a set that there are, of so many wanted.</summary>
    public static int Available(IImageSet images, int wanted) => (int)Math.Min(wanted, images.Count ?? long.MaxValue);

    /// <summary>Bytes of the images that are in memory at one time.</summary>
    /// <param name="elements">C H W.</param>
    /// <param name="count">Images to read.</param>
    /// <param name="most">Images at once; null for as many as suit their size.</param>
    public static long Bytes(int elements, int count, int? most = null) => sizeof(float) * (long)Math.Min(count, most ?? AtOnce(elements)) * elements;

    /// <summary>Reads images.</summary>
    /// <param name="images">The set.</param>
    /// <param name="first">First image.</param>
    /// <param name="count">Images.</param>
    /// <param name="title">What is done, for the progress.</param>
    /// <param name="use">Receives index - first of the first image, and pixels [n, C, H, W] that are overwritten after it returns.</param>
    /// <param name="most">Images at once; null for as many as suit their size.</param>
    /// <exception cref="MalformedFileException">An image cannot be read.</exception>
    /// <exception cref="OperationCanceledException">The task was cancelled.</exception>
    public void Read(IImageSet images, long first, int count, string title, Action<int, Memory<float>> use, int? most = null)
    {
        int elements = images.Channels * images.Height * images.Width, atOnce = most ?? AtOnce(elements);
        float[] pixels = new float[Math.Min(count, atOnce) * elements];
        ParallelOptions options = new() { MaxDegreeOfParallelism = threads == 0 ? -1 : threads, CancellationToken = context.Cancel };
        Action step = context.Begin($"{title}, {images.Name}", count);
        for (int start = 0; start < count; start += atOnce)
        {
            context.Cancel.ThrowIfCancellationRequested();
            int number = Math.Min(atOnce, count - start);
            try
            {
                images.Read(first + start, pixels.AsMemory(0, number * elements), options);
            }
            catch (AggregateException e) when (e.InnerExceptions.All(inner => inner is MalformedFileException or IOException))
            {
                ExceptionDispatchInfo.Throw(e.InnerExceptions[0]);
            }

            use(start, pixels.AsMemory(0, number * elements));
            for (int i = 0; i < number; i++)
            {
                step();
            }
        }
    }

    /// <summary>SHA-256 of the first images' pixels as they are read, in hexadecimal: a set's content, whatever its files are called.</summary>
    /// <param name="images">The set.</param>
    /// <param name="count">Images.</param>
    /// <exception cref="MalformedFileException">An image cannot be read.</exception>
    /// <exception cref="OperationCanceledException">The task was cancelled.</exception>
    public string Sha256(IImageSet images, int count)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Read(images, 0, count, "content", (_, pixels) => hash.AppendData(MemoryMarshal.AsBytes(pixels.Span)));
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private static int AtOnce(int elements) => Math.Clamp(MostValuesAtOnce / elements, 1, MostAtOnce);
}
