using System.Runtime.CompilerServices;

namespace L2c.Kernels;

/// <summary>Sums over the tokens of each image, shared out in chunks of tokens: an op's tile is a chunk, so that one image uses all threads
/// too.</summary>
/// <remarks>Chunks have a fixed length, tokens of a chunk and chunks of an image are added in order: a sum depends on the image alone.</remarks>
/// <param name="partials">Where the sums of chunks go.</param>
/// <param name="images">How many images; sums over all rows are sums of one image.</param>
/// <param name="tokens">T, of each.</param>
/// <param name="width">Values that are summed per token.</param>
internal sealed unsafe class TokenSums<V>(PartialSums partials, int images, int tokens, int width)
    where V : unmanaged, IFloats<V>
{
    private const int ChunkTokens = 32;

    private readonly PartialSums _partials = Reserve(partials, images, tokens, width);
    private readonly int _chunks = Chunks(tokens);

    /// <summary>Chunks of all images.</summary>
    public int Tiles => images * _chunks;

    /// <summary>First row of a tile, and the one after its last.</summary>
    public (int Start, int End) Rows(int tile)
    {
        int image = tile / _chunks, first = image * tokens + tile % _chunks * ChunkTokens;
        return (first, Math.Min(first + ChunkTokens, (image + 1) * tokens));
    }

    /// <summary>Where a tile adds up its rows: zeros.</summary>
    public float* Begin(int tile)
    {
        float* part = _partials.Values + (long)tile * width;
        new Span<float>(part, width).Clear();
        return part;
    }

    /// <summary>Says that a tile's sums are complete. The last tile of an image gets the image's number and its total, which stays where it is
    /// until the op ends; the others get null.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public float* End(int tile, out int image)
    {
        image = tile / _chunks;
        if (!_partials.IsLast(image, _chunks))
        {
            return null;
        }

        float* total = _partials.Values + (long)image * _chunks * width;
        for (int chunk = 1; chunk < _chunks; chunk++)
        {
            float* part = total + (long)chunk * width;
            for (int i = 0; i < width; i += V.Count)
            {
                int count = width - i;
                Partial.Store(Partial.Load<V>(total + i, count) + Partial.Load<V>(part + i, count), total + i, count);
            }
        }

        return total;
    }

    private static int Chunks(int tokens) => (tokens + ChunkTokens - 1) / ChunkTokens;

    private static PartialSums Reserve(PartialSums partials, int images, int tokens, int width)
    {
        partials.Reserve((long)images * Chunks(tokens) * width, images);
        return partials;
    }
}
