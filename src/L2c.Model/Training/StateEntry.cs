using System.Runtime.InteropServices;
using L2c.Weights;

namespace L2c.Model.Training;

/// <summary>One tensor of a state file. Its values are asked for when its turn comes, so that of large ones only one is in memory.</summary>
public sealed class StateEntry
{
    /// <summary>Values that are written or read at once: a span of bytes has room for less than 2^31.</summary>
    internal const int SliceLength = 1 << 26;

    private readonly Action<ByteSink> _write;

    private StateEntry(TensorInfo info, Action<ByteSink> write) => (Info, _write) = (info, write);

    /// <summary>Takes bytes in order.</summary>
    public delegate void ByteSink(ReadOnlySpan<byte> bytes);

    /// <summary>Name, type and shape.</summary>
    public TensorInfo Info { get; }

    /// <summary>A tensor of float, double or int values.</summary>
    /// <param name="name">Unique in the file.</param>
    /// <param name="shape">Extents.</param>
    /// <param name="read">Gives the values, row-major.</param>
    /// <param name="sliceLength">Values that are handed over at once.</param>
    public static StateEntry Of<T>(string name, long[] shape, Func<ReadOnlyMemory<T>> read, int sliceLength = SliceLength)
        where T : unmanaged => new(new TensorInfo(name, TypeOf<T>(), shape), sink =>
        {
            for (ReadOnlyMemory<T> rest = read(); !rest.IsEmpty; rest = rest[Math.Min(sliceLength, rest.Length)..])
            {
                sink(MemoryMarshal.AsBytes(rest.Span[..Math.Min(sliceLength, rest.Length)]));
            }
        });

    /// <summary>Hands the values over as little-endian bytes.</summary>
    public void Write(ByteSink sink) => _write(sink);

    /// <summary>The type that a file names for T.</summary>
    internal static TensorType TypeOf<T>() => default(T) switch
    {
        float => TensorType.F32,
        double => TensorType.F64,
        int => TensorType.I32,
        _ => throw new NotSupportedException($"no state holds {typeof(T)}"),
    };
}
