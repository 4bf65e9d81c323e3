namespace L2c.Kernels;

public abstract partial class Device
{
    /// <summary>blended = w fresh + (1 - w) cached: what a branch contributes while its router is trained.</summary>
    /// <param name="fresh">[B,T,C], contiguous: the branch's output in this evaluation.</param>
    /// <param name="cached">[B,T,C], contiguous: its output in the refresh evaluation.</param>
    /// <param name="weight">[1] F32, w, read at replay time; 1 gives fresh and 0 gives cached, bit for bit.</param>
    /// <param name="blended">[B,T,C], contiguous; may be fresh or cached.</param>
    /// <remarks>
    /// Traffic  3 B T C elements.
    /// Source   Learning-to-Cache, equation 5 (the interpolation between steps).
    /// </remarks>
    /// <exception cref="ArgumentException">Shapes disagree.</exception>
    public void Blend(Tensor fresh, Tensor cached, Tensor weight, Tensor blended)
    {
        RequireBlend(nameof(Blend), fresh, cached, weight, blended);
        BlendCore(fresh, cached, weight, blended);
    }

    /// <summary>dFresh = w d, and per row the gradient of w: dWeight[r] = sum_c d[r,c] (fresh[r,c] - cached[r,c]).</summary>
    /// <param name="d">[B,T,C], contiguous: gradient of what <see cref="Blend"/> gave.</param>
    /// <param name="fresh">As in <see cref="Blend"/>.</param>
    /// <param name="cached">As in <see cref="Blend"/>.</param>
    /// <param name="weight">[1] F32, w, read at replay time.</param>
    /// <param name="dFresh">[B,T,C], contiguous; may be d. None where nothing before the branch needs a gradient.</param>
    /// <param name="dWeight">[B T] F32: a row's share each, for the host to add up in double precision. So no sum crosses rows on the device, and the
    /// result does not depend on how rows are shared out.</param>
    /// <remarks>
    /// Numbers  sums in fp32.
    /// Traffic  4 B T C elements.
    /// </remarks>
    /// <exception cref="ArgumentException">Shapes disagree.</exception>
    public void BlendBackward(Tensor d, Tensor fresh, Tensor cached, Tensor weight, Tensor dFresh, Tensor dWeight)
    {
        const string Op = nameof(BlendBackward);
        RequireBlend(Op, fresh, cached, weight, d);
        Require(dFresh.IsNone || (dFresh.Shape == d.Shape && dFresh.IsContiguous), Op, $"dFresh {dFresh.Shape} does not match d {d.Shape}");
        bool hasRows = dWeight.DType == DType.F32 && dWeight.Shape.Count == d.Rows && dWeight.IsContiguous;
        Require(hasRows, Op, $"dWeight {dWeight.Shape} {dWeight.DType} must be F32, a value per row of d {d.Shape}");
        BlendBackwardCore(d, fresh, cached, weight, dFresh, dWeight);
    }

    private static void RequireBlend(string op, Tensor fresh, Tensor cached, Tensor weight, Tensor result)
    {
        bool agree = fresh.Shape == cached.Shape && fresh.Shape == result.Shape;
        Require(agree, op, $"fresh {fresh.Shape}, cached {cached.Shape} and blended {result.Shape} disagree");
        Require(fresh.IsContiguous && cached.IsContiguous && result.IsContiguous, op, "fresh, cached and blended must be contiguous");
        Require(weight.DType == DType.F32 && weight.Shape.Count == 1, op, $"weight {weight.Shape} {weight.DType} must be [1] F32");
    }

    /// <summary>The device's form of <see cref="Blend"/>; shapes have been checked.</summary>
    protected abstract void BlendCore(Tensor fresh, Tensor cached, Tensor weight, Tensor blended);

    /// <summary>The device's form of <see cref="BlendBackward"/>; shapes have been checked.</summary>
    protected abstract void BlendBackwardCore(Tensor d, Tensor fresh, Tensor cached, Tensor weight, Tensor dFresh, Tensor dWeight);
}
