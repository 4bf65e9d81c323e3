using L2c.Kernels;

namespace L2c.Model.Tests.Golden;

/// <summary>A deliberate mistake that the recorded features must reject.</summary>
public enum InceptionFault
{
    None,
    /// <summary>Averages that divide by nine at the border, too.</summary>
    PaddingCounted,
    /// <summary>An average where the last block has a maximum.</summary>
    AverageInTheLastBlock,
    /// <summary>ptfid's positions in adm.</summary>
    HalfPixelResize,
    /// <summary>1e-5 in the batch norms, as most networks have.</summary>
    Epsilon,
    /// <summary>Spatial features of the convolution and its norm alone.</summary>
    BeforeRelu,
    /// <summary>Spatial features of Mixed_6e.</summary>
    AnotherBlock,
    /// <summary>Spatial features in the order of their channels.</summary>
    ChannelsFirst,
}

/// <summary>A CPU device whose averages count the padding; for ops that run at once.</summary>
internal sealed unsafe class PaddingCountingDevice : CpuDevice
{
    protected override void PoolingCore(Tensor x, Tensor y, Window window, Pool pool)
    {
        base.PoolingCore(x, y, window, pool);
        (int height, int width) = (y.Shape[1], y.Shape[2]);
        for (int pixel = 0; pool != Pool.Max && window.Top > 0 && pixel < y.Rows; pixel++)
        {
            (int row, int column) = (pixel / width % height, pixel % width);
            int inside = (row == 0 || row == height - 1 ? 2 : 3) * (column == 0 || column == width - 1 ? 2 : 3);
            foreach (ref float value in new Span<float>((float*)y.Address + ((long)pixel * y.RowStride), y.Columns))
            {
                value *= inside / 9f;
            }
        }
    }
}

/// <summary>A CPU device that averages where a maximum is padded, which is in the last block alone.</summary>
internal sealed class AveragingDevice : CpuDevice
{
    protected override void PoolingCore(Tensor x, Tensor y, Window window, Pool pool) =>
        base.PoolingCore(x, y, window, pool == Pool.Max && window.Top > 0 ? Pool.Average : pool);
}

/// <summary>A CPU device that leaves out the ReLU after one linear map.</summary>
internal sealed class ReluDroppingDevice : CpuDevice
{
    /// <summary>The map's weight.</summary>
    public Matrix Weight { get; set; }

    protected override void LinearCore(Tensor x, Matrix weight, Tensor bias, Tensor y, Activation activation, bool accumulates) =>
        base.LinearCore(x, weight, bias, y, weight.Address == Weight.Address ? Activation.None : activation, accumulates);
}
