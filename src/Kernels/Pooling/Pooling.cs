namespace L2c.Kernels;

/// <summary>What a pool makes of the pixels in its window.</summary>
public enum Pool
{
    /// <summary>The largest; padding never wins.</summary>
    Max,
    /// <summary>The mean of those inside the image: padding is not counted.</summary>
    Average,
    /// <summary>max(mean, 0): <see cref="Average"/> with ReLU.</summary>
    RectifiedAverage,
}

public abstract partial class Device
{
    /// <summary>y[b,i,j,c] = max, mean or rectified mean over the pixels of the window that lie inside the image.</summary>
    /// <param name="x">[B,H,W,C], any row stride.</param>
    /// <param name="y">[B,H',W',C], any row stride, so that it may be some channels of a wider image; must not overlap x.</param>
    /// <param name="window">Size, stride and padding; H' and W' follow from it.</param>
    /// <param name="pool">What becomes of a window's pixels.</param>
    /// <remarks>
    /// Numbers  means are sums in fp32 in the order (p, q), times the reciprocal of their number; a NaN in the window gives NaN.
    /// Traffic  B H W C + B H' W' C elements; what windows share is read again from the cache.
    /// </remarks>
    /// <exception cref="ArgumentException">Shapes disagree.</exception>
    public void Pooling(Tensor x, Tensor y, Window window, Pool pool)
    {
        RequireWindow(nameof(Pooling), x, y, window);
        Require(x.Columns == y.Columns, nameof(Pooling), $"x {x.Shape} does not match y {y.Shape} (C must agree)");
        PoolingCore(x, y, window, pool);
    }

    /// <summary>The device's form of <see cref="Pooling"/>; shapes have been checked.</summary>
    protected abstract void PoolingCore(Tensor x, Tensor y, Window window, Pool pool);
}
