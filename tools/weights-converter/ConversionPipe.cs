using System.Collections.Concurrent;
using L2c.Weights;
using L2c.Weights.Layouts;

namespace WeightsConverter;

/// <summary>Reads and converts tensors on one thread while the caller writes them: disk and processor work at the same time.</summary>
internal static class ConversionPipe
{
    private const int ChunkBytes = 4 << 20;

    // One being filled, one being written, one in between so that neither side waits for the other's jitter.
    private const int Chunks = 3;

    /// <summary>Bytes of all chunks.</summary>
    public const long BufferBytes = Chunks * (long)ChunkBytes;

    /// <summary>Hands all bytes of all tensors to <paramref name="write"/>, in order.</summary>
    /// <param name="checkpoint">Source.</param>
    /// <param name="directory">The tensors to write, the checkpoint's in its order; their types may differ.</param>
    /// <param name="write">Called on this thread with chunks of at most 4 MiB.</param>
    /// <param name="cancel">Stops between chunks.</param>
    public static void Run(WeightsFile checkpoint, IReadOnlyList<TensorInfo> directory, Action<ReadOnlySpan<byte>> write, CancellationToken cancel)
    {
        using BlockingCollection<byte[]> free = [];
        using BlockingCollection<(byte[] Buffer, int Length)> filled = [];
        for (int i = 0; i < Chunks; i++)
        {
            free.Add(GC.AllocateUninitializedArray<byte>(ChunkBytes), CancellationToken.None);
        }

        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        Task reading = Task.Factory.StartNew(
            () => Fill(checkpoint, directory, free, filled, stop.Token),
            CancellationToken.None,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default);
        try
        {
            foreach ((byte[] buffer, int length) in filled.GetConsumingEnumerable(CancellationToken.None))
            {
                cancel.ThrowIfCancellationRequested();
                write(buffer.AsSpan(0, length));
                free.Add(buffer, CancellationToken.None);
            }
        }
        finally
        {
            stop.Cancel();
            Task.WaitAny([reading], CancellationToken.None);
        }

        reading.GetAwaiter().GetResult();
    }

    private static void Fill(
        WeightsFile checkpoint,
        IReadOnlyList<TensorInfo> directory,
        BlockingCollection<byte[]> free,
        BlockingCollection<(byte[] Buffer, int Length)> filled,
        CancellationToken stop)
    {
        try
        {
            for (int i = 0; i < directory.Count; i++)
            {
                TensorType type = directory[i].Type;
                long count = directory[i].Count;
                for (long first = 0; first < count;)
                {
                    byte[] buffer = free.Take(stop);
                    int elements = (int)Math.Min(count - first, ChunkBytes / type.Size());
                    checkpoint.Read(checkpoint.Tensors[i], first, buffer.AsSpan(0, elements * type.Size()), type);
                    filled.Add((buffer, elements * type.Size()), stop);
                    first += elements;
                }
            }
        }
        finally
        {
            filled.CompleteAdding();
        }
    }
}
