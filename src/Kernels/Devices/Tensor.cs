namespace L2c.Kernels;

/// <summary>A non-owning view of device memory: address, shape, dtype, device. The default value is "no tensor".</summary>
/// <param name="Address">First element: host address on the CPU, device address on CUDA.</param>
/// <param name="Shape">Extents, outermost first. Rows (all axes but the last, flattened) are <paramref name="RowStride"/> apart; a row is contiguous.</param>
/// <param name="DType">Element type.</param>
/// <param name="Device">The device whose memory it is.</param>
/// <param name="RowStride">Elements from one row to the next; equals the last extent when contiguous, 6C for a slice of a block's modulations.</param>
public readonly record struct Tensor(nint Address, Shape Shape, DType DType, Device Device, int RowStride)
{
    /// <summary>Whether this is the default value, which stands for an absent optional argument.</summary>
    public bool IsNone => Device is null;

    /// <summary>Rows: the product of all extents but the last.</summary>
    public int Rows => Shape.Rows;

    /// <summary>Extent of the last axis.</summary>
    public int Columns => Shape.Columns;

    /// <summary>Whether rows follow each other without gaps.</summary>
    public bool IsContiguous => RowStride == Columns;

    /// <summary>Columns <paramref name="first"/> .. of every row, as a view with the same row stride.</summary>
    public Tensor SliceColumns(int first, int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(first);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(first + count, Columns);
        return this with { Address = Address + (nint)((long)first * DType.Size()), Shape = new Shape(Rows, count) };
    }

    /// <summary>Channels <paramref name="first"/> .. of every pixel of [B,H,W,C], as a view with the same axes and row stride.</summary>
    public Tensor SliceChannels(int first, int count) => Shape.Rank == 4
        ? SliceColumns(first, count) with { Shape = new Shape(Shape[0], Shape[1], Shape[2], count) }
        : throw new ArgumentException($"SliceChannels: {Shape} must be [B,H,W,C]");

    /// <summary>Rows <paramref name="first"/> .. as a two-dimensional view.</summary>
    public Tensor SliceRows(int first, int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(first);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(first + count, Rows);
        return this with { Address = Address + (nint)((long)first * RowStride * DType.Size()), Shape = new Shape(count, Columns) };
    }

    /// <summary>Images <paramref name="first"/> .. of [B,H,W,C], as a view with the same row stride.</summary>
    /// <exception cref="ArgumentException">Not four axes, or images beyond the last.</exception>
    /// <exception cref="OverflowException">So far beyond that their rows cannot be counted.</exception>
    public Tensor SliceImages(int first, int count) => Shape.Rank == 4
        ? SliceRows(checked(first * Shape[1] * Shape[2]), checked(count * Shape[1] * Shape[2])) with
        {
            Shape = new Shape(count, Shape[1], Shape[2], Columns),
        }
        : throw new ArgumentException($"SliceImages: {Shape} must be [B,H,W,C]");

    /// <summary>Row <paramref name="token"/> of every image of [B,T,C], as a view [B,C].</summary>
    /// <exception cref="ArgumentException">Not three axes.</exception>
    public Tensor SliceToken(int token)
    {
        if (Shape.Rank != 3)
        {
            throw new ArgumentException($"SliceToken: {Shape} must be [B,T,C]");
        }

        ArgumentOutOfRangeException.ThrowIfNegative(token);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(token, Shape[1]);
        return this with
        {
            Address = Address + (nint)((long)token * RowStride * DType.Size()),
            Shape = new Shape(Shape[0], Columns),
            RowStride = checked(Shape[1] * RowStride),
        };
    }

    /// <summary>The same contiguous elements under another shape.</summary>
    /// <exception cref="InvalidOperationException">Not contiguous, or another number of elements.</exception>
    public Tensor Reshape(params ReadOnlySpan<int> extents)
    {
        var shape = new Shape(extents);
        if (!IsContiguous || shape.Count != Shape.Count)
        {
            throw new InvalidOperationException($"Reshape: {Shape} with row stride {RowStride} does not hold {shape}");
        }

        return this with { Shape = shape, RowStride = shape.Columns };
    }
}
