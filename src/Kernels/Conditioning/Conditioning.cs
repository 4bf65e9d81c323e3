namespace L2c.Kernels;

public abstract partial class Device
{
    /// <summary>c[r] = time[r / (R/E)] + table[labels[r mod B]], and its SiLU, which is all that the modulations read.</summary>
    /// <param name="time">[E,C]: one embedding per evaluation (R = E B), or one per row (E = R = B).</param>
    /// <param name="table">[rows,C]: the label table.</param>
    /// <param name="labels">[B], I32: an input of the run, read at replay time. Values outside the table are refused where labels are set.</param>
    /// <param name="c">[R,C], or none when only the SiLU is wanted.</param>
    /// <param name="silu">[R,C].</param>
    /// <remarks>Source   DiT models.py, DiT.forward: c = t_emb + y_emb; adaLN_modulation starts with SiLU.</remarks>
    /// <exception cref="ArgumentException">Shapes disagree.</exception>
    public void Conditioning(Tensor time, Tensor table, Tensor labels, Tensor c, Tensor silu)
    {
        const string Op = nameof(Conditioning);
        Require(labels.DType == DType.I32 && labels.Shape.Rank == 1, Op, $"labels {labels.Shape} {labels.DType} must be [B] I32");
        Require(time.Columns == silu.Columns && table.Columns == silu.Columns, Op, $"time {time.Shape}, table {table.Shape} and silu {silu.Shape} disagree in C");
        Require(silu.Rows % time.Rows == 0 && silu.Rows % labels.Columns == 0, Op, $"rows of silu {silu.Shape} are not a multiple of time {time.Shape} and labels {labels.Shape}");
        Require(c.IsNone || c.Shape == silu.Shape, Op, $"c {c.Shape} does not match silu {silu.Shape}");
        ConditioningCore(time, table, labels, c, silu);
    }

    /// <summary>The device's form of <see cref="Conditioning"/>; shapes have been checked.</summary>
    protected abstract void ConditioningCore(Tensor time, Tensor table, Tensor labels, Tensor c, Tensor silu);
}
