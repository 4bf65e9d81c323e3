using System.Runtime.CompilerServices;

namespace L2c.Kernels;

/// <summary>The rows of a product's left operand: where each lies, or how it is made to lie somewhere.</summary>
internal unsafe interface IProductRows
{
    /// <summary>The op whose rows these are, for profiles.</summary>
    static abstract string Op { get; }

    /// <summary>Blocks of K do not cross multiples of this.</summary>
    int Run { get; }

    /// <summary>Scratch that <see cref="Gather"/> needs for so many rows of so many values.</summary>
    long ScratchFloats(int rows, int depth);

    /// <summary>Sees to it that <see cref="At"/> finds rows <paramref name="first"/> .. <paramref name="end"/> - 1.</summary>
    /// <param name="first">A tile's first row.</param>
    /// <param name="end">Past its last.</param>
    /// <param name="k">First of their values.</param>
    /// <param name="depth">How many, all of one run.</param>
    /// <param name="scratch">This thread's.</param>
    void Gather<V>(int first, int end, int k, int depth, float* scratch)
        where V : unmanaged, IFloats<V>;

    /// <summary>The value at <paramref name="k"/> of a row; the rows of a micro-kernel's tile are <paramref name="stride"/> elements apart.</summary>
    /// <param name="first">A tile's first row.</param>
    /// <param name="row">Some micro-kernel's tiles below it. Past the last row: any address, to be asked for and not read.</param>
    /// <param name="k">As last given to <see cref="Gather"/>.</param>
    /// <param name="scratch">This thread's.</param>
    /// <param name="stride">From one row to the next.</param>
    float* At<V>(int first, int row, int k, float* scratch, out nint stride)
        where V : unmanaged, IFloats<V>;
}

/// <summary>Rows of a tensor, read where they are.</summary>
internal readonly unsafe struct PlainRows(Tensor x) : IProductRows
{
    private readonly float* _x = (float*)x.Address;
    private readonly nint _stride = x.RowStride;

    /// <inheritdoc/>
    public static string Op => nameof(Device.Linear);

    /// <inheritdoc/>
    public int Run { get; } = x.Columns;

    /// <inheritdoc/>
    public long ScratchFloats(int rows, int depth) => 0;

    /// <inheritdoc/>
    public void Gather<V>(int first, int end, int k, int depth, float* scratch)
        where V : unmanaged, IFloats<V>
    {
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float* At<V>(int first, int row, int k, float* scratch, out nint stride)
        where V : unmanaged, IFloats<V>
    {
        stride = _stride;
        return _x + row * _stride + k;
    }
}
