namespace L2c.Kernels;

public abstract partial class Device
{
    /// <summary>The gradient of <see cref="Conditioning"/> with one embedding per row: dTime[r] = dSilu[r] silu'(c[r]), and dTable[l] = sum of
    /// dTime[r] over the rows r with labels[r] = l.</summary>
    /// <param name="dSilu">[B,C], any row stride.</param>
    /// <param name="c">[B,C], any row stride: the sum before SiLU, as the forward wrote it.</param>
    /// <param name="labels">[B], I32, read at replay time.</param>
    /// <param name="dTime">[B,C], any row stride.</param>
    /// <param name="dTable">[label rows,C] F32, contiguous; overwritten, rows of labels that do not occur with zeros.</param>
    /// <remarks>Numbers  sums in fp32, r ascending.</remarks>
    /// <exception cref="ArgumentException">Shapes disagree.</exception>
    public void ConditioningBackward(Tensor dSilu, Tensor c, Tensor labels, Tensor dTime, Tensor dTable)
    {
        const string Op = nameof(ConditioningBackward);
        bool labelsFit = labels.DType == DType.I32 && labels.Shape.Rank == 1 && labels.Columns == dSilu.Rows;
        Require(labelsFit, Op, $"labels {labels.Shape} {labels.DType} must be [B] I32, one per row of dSilu {dSilu.Shape}");
        Require(c.Shape == dSilu.Shape && dTime.Shape == dSilu.Shape, Op, $"c {c.Shape} and dTime {dTime.Shape} do not match dSilu {dSilu.Shape}");
        bool tableFits = dTable.DType == DType.F32 && dTable.IsContiguous && dTable.Columns == dSilu.Columns;
        Require(tableFits, Op, $"dTable {dTable.Shape} {dTable.DType} does not match dSilu {dSilu.Shape} (F32, contiguous, C must agree)");
        ConditioningBackwardCore(dSilu, c, labels, dTime, dTable);
    }

    /// <summary>The device's form of <see cref="ConditioningBackward"/>; shapes have been checked.</summary>
    protected abstract void ConditioningBackwardCore(Tensor dSilu, Tensor c, Tensor labels, Tensor dTime, Tensor dTable);
}
