namespace L2c.Kernels;

public abstract partial class Device
{
    /// <summary>destination[i] = source[rows[i]]: collects the rows that a tall GEMM is to work on.</summary>
    /// <param name="source">[S,C], any row stride.</param>
    /// <param name="rows">[R] I32, read at replay time; values outside 0..S-1 are a fault.</param>
    /// <param name="destination">[R,C], any row stride; must not overlap the source.</param>
    /// <remarks>Traffic  2 R C elements.</remarks>
    /// <exception cref="ArgumentException">Shapes disagree.</exception>
    public void GatherRows(Tensor source, Tensor rows, Tensor destination)
    {
        Require(rows.DType == DType.I32 && rows.Shape.Rank == 1, nameof(GatherRows), $"rows {rows.Shape} {rows.DType} must be [R] I32");
        Require(rows.Columns == destination.Rows, nameof(GatherRows), $"rows {rows.Shape} do not match destination {destination.Shape} (R must agree)");
        Require(source.Columns == destination.Columns, nameof(GatherRows), $"source {source.Shape} does not match destination {destination.Shape} (C must agree)");
        GatherRowsCore(source, rows, destination);
    }

    /// <summary>The device's form of <see cref="GatherRows"/>; shapes have been checked.</summary>
    protected abstract void GatherRowsCore(Tensor source, Tensor rows, Tensor destination);
}
