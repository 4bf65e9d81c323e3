namespace L2c.Kernels;

public abstract partial class Device
{
    /// <summary>The gradient of the norm that <see cref="ResidualNorm"/> ends with:
    /// <code>
    /// n     = (x - mean) / sqrt(variance + epsilon)                                per row
    /// g     = dy (1 + scale[b])                                                    Affine: dy weight
    /// dxOut = dxIn + (g - mean(g) - n mean(g n)) / sqrt(variance + epsilon)
    /// dScale[b] = sum_t dy n,  dShift[b] = sum_t dy                                Affine: sums over all rows
    /// </code></summary>
    /// <param name="x">[B,T,C], contiguous: what was normalised, the stream after the additions.</param>
    /// <param name="norm">The norm; not <see cref="NormKind.None"/>.</param>
    /// <param name="dy">[B,T,C], contiguous: gradient of the normalised stream.</param>
    /// <param name="dxIn">[B,T,C], contiguous: gradient that reaches the stream from after the norm; none for zero.</param>
    /// <param name="dxOut">[B,T,C], contiguous; may be <paramref name="dxIn"/> or <paramref name="dy"/>. None where nothing before needs a
    /// gradient.</param>
    /// <param name="dScale">[B,C] for Modulated, [C] for Affine, any row stride; none with frozen weights.</param>
    /// <param name="dShift">As <paramref name="dScale"/>; both or none.</param>
    /// <remarks>
    /// Rows     scale and shift may have fewer rows than images, as in the forward; with dScale and dShift they have B.
    /// Numbers  mean, variance (from centred values) and sums in fp32; sums over t in an order that depends on T alone, those of Affine on B T.
    /// Traffic  4 B T C elements.
    /// Source   Ba et al. 2016.
    /// </remarks>
    /// <exception cref="ArgumentException">Shapes disagree.</exception>
    public void NormBackward(Tensor x, Norm norm, Tensor dy, Tensor dxIn, Tensor dxOut, Tensor dScale = default, Tensor dShift = default)
    {
        const string Op = nameof(NormBackward);
        Require(norm.Kind != NormKind.None, Op, "there is no norm");
        Require(x.Shape.Rank == 3 && x.IsContiguous, Op, $"x {x.Shape} must be [B,T,C], contiguous");
        Require(dy.Shape == x.Shape && dy.IsContiguous, Op, $"dy {dy.Shape} does not match x {x.Shape}");
        Require(dxIn.IsNone || (dxIn.Shape == x.Shape && dxIn.IsContiguous), Op, $"dxIn {dxIn.Shape} does not match x {x.Shape}");
        Require(dxOut.IsNone || (dxOut.Shape == x.Shape && dxOut.IsContiguous), Op, $"dxOut {dxOut.Shape} does not match x {x.Shape}");
        Require(dScale.IsNone == dShift.IsNone, Op, "dScale and dShift go together");
        Require(!dxOut.IsNone || !dScale.IsNone, Op, "neither dxOut nor dScale and dShift are given");
        bool isModulated = norm.Kind == NormKind.Modulated;
        bool vectorsFit = isModulated
            ? norm.Scale.Columns == x.Columns && norm.Shift.Columns == x.Columns && norm.Scale.Rows <= x.Shape[0] && norm.Shift.Rows <= x.Shape[0]
            : norm.Scale.Shape.Count == x.Columns && norm.Shift.Shape.Count == x.Columns;
        Require(vectorsFit, Op, $"scale {norm.Scale.Shape} and shift {norm.Shift.Shape} do not match x {x.Shape}");
        int rows = isModulated ? x.Shape[0] : 1;
        bool gradientsFit = dScale.IsNone
            || (dScale.Columns == x.Columns && dShift.Columns == x.Columns
                && HasRows(dScale) && HasRows(dShift) && HasRows(norm.Scale) && HasRows(norm.Shift));
        Require(gradientsFit, Op, $"dScale {dScale.Shape} and dShift {dShift.Shape} do not match scale {norm.Scale.Shape} and x {x.Shape}");
        NormBackwardCore(x, norm, dy, dxIn, dxOut, dScale, dShift);

        bool HasRows(Tensor vector) => vector.Rows == rows;
    }

    /// <summary>The device's form of <see cref="NormBackward"/>; shapes have been checked.</summary>
    protected abstract void NormBackwardCore(Tensor x, Norm norm, Tensor dy, Tensor dxIn, Tensor dxOut, Tensor dScale, Tensor dShift);
}
