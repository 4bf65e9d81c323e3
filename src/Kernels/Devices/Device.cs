namespace L2c.Kernels;

/// <summary>A place to compute: memory, transfers, recording, and the few fused ops that the networks need (one partial file per op).</summary>
/// <remarks>
/// A network calls ops in execution order. Outside <see cref="Capture"/> each runs at once (CPU) or is enqueued on the device's stream
/// (CUDA); inside, it is recorded. Each op checks shapes here, once, and calls the device's protected form. All ops are deterministic:
/// the same run gives the same bits. What more a device promises stands there.
/// </remarks>
public abstract partial class Device : IDisposable
{
    /// <summary>For tables and results: <c>cpu (AVX-512, 2 threads)</c>.</summary>
    public abstract string Name { get; }

    /// <summary>Element type of weights and activations. The sampler's state, its noise and the network's output image are F32 on every device.</summary>
    public abstract DType StorageType { get; }

    /// <summary>Bytes of device memory held for ops that work in several kernels, beside what arenas hold; 0 where ops keep nothing there.</summary>
    public virtual long ScratchBytes => 0;

    /// <summary>Bytes of device memory that nobody has taken; null where it is the host's memory.</summary>
    public virtual long? FreeBytes => null;

    /// <summary>Bytes of the cache in which what one op has written may still lie when the next reads it, so that a batch whose images are larger had
    /// better go through some ops piece by piece; null where more ops cost more than that saves.</summary>
    public virtual long? LastLevelCacheBytes => null;

    /// <summary>What the ops enqueued from now on belong to: copied into each, so that profiles and counts can say which evaluation and branch ran.</summary>
    public OpScope Scope { get; set; } = OpScope.None;

    /// <summary>Allocates aligned device memory, uninitialised. Used by <see cref="Arena"/> only.</summary>
    internal protected abstract nint Allocate(long bytes);

    /// <summary>Frees what <see cref="Allocate"/> returned.</summary>
    internal protected abstract void Free(nint address);

    /// <summary>Copies fp32 values from the host, converting to the tensor's dtype.</summary>
    /// <param name="destination">Contiguous; as many elements as <paramref name="source"/>.</param>
    /// <param name="source">Row-major values.</param>
    public abstract void Upload(Tensor destination, ReadOnlySpan<float> source);

    /// <summary>Copies integers from the host into an I32 tensor.</summary>
    public abstract void Upload(Tensor destination, ReadOnlySpan<int> source);

    /// <summary>Waits for the work enqueued so far and copies a tensor (any row stride) to the host, converting to fp32.</summary>
    public abstract void Download(Tensor source, Span<float> destination);

    /// <summary>Bytes that a weight of that size takes in the device's own layout and storage type.</summary>
    internal protected abstract long MatrixBytes(int outputs, int inputs);

    /// <summary>The weight with the place in its layout at which an output begins.</summary>
    internal protected abstract Matrix SliceOutputs(Matrix matrix, int first);

    /// <summary>The weight with the place in its layout at which an input begins.</summary>
    internal protected abstract Matrix SliceInputs(Matrix matrix, int first);

    /// <summary>Writes rows of a weight, given as PyTorch stores it (<c>[out, in]</c>, row-major, fp32), into the device's own layout.</summary>
    /// <param name="matrix">Carved by <see cref="Arena.TakeMatrix"/>.</param>
    /// <param name="firstOutput">First of the rows given; rows may come in chunks, in any order, each row once.</param>
    /// <param name="rows">Whole rows of <see cref="Matrix.Inputs"/> values.</param>
    public abstract void WriteMatrix(Matrix matrix, int firstOutput, ReadOnlySpan<float> rows);

    /// <summary>Records the ops that <paramref name="enqueue"/> calls, without running them.</summary>
    public abstract OpSequence Capture(Action enqueue);

    /// <summary>Says which ops <paramref name="enqueue"/> calls: on paper, nothing is recorded or run, and the tensors need no memory.</summary>
    public abstract IReadOnlyList<OpInfo> List(Action enqueue);

    /// <summary>Waits until all enqueued work is done.</summary>
    public abstract void Synchronize();

    /// <inheritdoc/>
    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Releases the device's own resources (threads, streams, modules).</summary>
    protected abstract void Dispose(bool disposing);

    /// <summary>Throws the candle-style error of an op: op name, what disagrees, both shapes.</summary>
    private protected static void Require(bool condition, string op, string rule)
    {
        if (!condition)
        {
            throw new ArgumentException($"{op}: {rule}");
        }
    }
}
