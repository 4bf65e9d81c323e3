namespace L2c.Weights.PyTorch;

/// <summary>What reading the views of a file fetches of its storages, held against what it gives out. Safe for several threads at once.</summary>
/// <param name="path">The file, for messages.</param>
internal sealed class FetchMeter(string path)
{
    private long _given, _fetched;

    /// <summary>Bytes fetched so far.</summary>
    public long Fetched => Interlocked.Read(ref _fetched);

    /// <summary>Counts bytes that are given out.</summary>
    public void Give(long bytes) => Interlocked.Add(ref _given, bytes);

    /// <summary>Counts bytes before they are fetched.</summary>
    /// <exception cref="MalformedFileException">They are out of proportion.</exception>
    public void Fetch(long bytes)
    {
        long limit = ReadLimits.FreeFetchBytes + (ReadLimits.FetchRatio * Interlocked.Read(ref _given));
        if (Interlocked.Add(ref _fetched, bytes) > limit)
        {
            throw new MalformedFileException(
                path, $"views that jump about in their storages make a reader fetch more than {limit} bytes; save contiguous copies of the tensors");
        }
    }
}
