namespace L2c.Kernels;

/// <summary>What the backward pass wants of a term.</summary>
/// <param name="DSource">[B,T,C], contiguous: receives the gradient of the source; none where nothing needs it.</param>
/// <param name="Slope">How the term's weight * scalar changes with a number that is learned: of {w fresh, (1 - w) kept} 1 and -1.</param>
public readonly record struct ResidualTermGradient(Tensor DSource = default, float Slope = 0);

public abstract partial class Device
{
    /// <summary>The gradient of one addition to the residual stream: dSource[b,t] = weight scalar gate[b] dx[b,t], and dGate[b] = weight scalar sum_t
    /// dx[b,t] source[b,t].</summary>
    /// <param name="dx">[B,T,C], contiguous: gradient of the stream. It goes on to what was added to, unchanged.</param>
    /// <param name="term">What was added. Its source is read for dGate only and may be none without it; its gate may be none (1), but then there is
    /// no dGate.</param>
    /// <param name="dSource">[B,T,C], contiguous; may be <paramref name="dx"/> if nothing else reads it.</param>
    /// <param name="dGate">[B,C], any row stride, one row per image; none with frozen weights.</param>
    /// <remarks>
    /// Numbers  sums over t in fp32, in an order that depends on T alone.
    /// Traffic  2 B T C elements, 3 with dGate.
    /// </remarks>
    /// <exception cref="ArgumentException">Shapes disagree.</exception>
    public void ResidualTermBackward(Tensor dx, ResidualTerm term, Tensor dSource, Tensor dGate = default) =>
        ResidualTermBackward(dx, [term], [new ResidualTermGradient(dSource)], dGate);

    /// <summary>The gradient of one branch of the residual stream, the sum of weight_k scalar_k source_k over its terms:
    /// <code>
    /// d         = gate[b] dx
    /// dSource_k = weight_k scalar_k d
    /// dGate[b]  = sum_t dx (sum_k weight_k scalar_k source_k)
    /// dScalar   = sum_c d (sum_k slope_k source_k)                                 per row
    /// </code></summary>
    /// <param name="dx">[B,T,C], contiguous: gradient of the stream. It goes on to what was added to, unchanged.</param>
    /// <param name="branch">The terms, as they were added: all but the first join. Sources are read for dGate and dScalar only and may be none without;
    /// the gate may be none (1), but then there is no dGate.</param>
    /// <param name="gradients">What is wanted of each term. A dSource may be <paramref name="dx"/> if nothing else reads it.</param>
    /// <param name="dGate">[B,C], any row stride, one row per image; none with frozen weights.</param>
    /// <param name="dScalar">[B T] F32: a row's share each of the gradient of the number that the slopes belong to, for the host to add up in double
    /// precision. So no sum crosses rows on the device, and the result does not depend on how rows are shared out. None without slopes.</param>
    /// <remarks>
    /// Numbers  sums in fp32; those over t in an order that depends on T alone. Slopes come before the product with d, so that what sources have in common
    ///          cancels first.
    /// Traffic  (1 + dSources) B T C elements, and the sources where dGate or dScalar is wanted.
    /// Source   with slopes 1 and -1: Learning-to-Cache, equation 5 (the interpolation between steps).
    /// </remarks>
    /// <exception cref="ArgumentException">Shapes disagree, or nothing is wanted.</exception>
    public void ResidualTermBackward(
        Tensor dx, ReadOnlySpan<ResidualTerm> branch, ReadOnlySpan<ResidualTermGradient> gradients, Tensor dGate = default, Tensor dScalar = default)
    {
        const string Op = nameof(ResidualTermBackward);
        Require(dx.Shape.Rank == 3 && dx.IsContiguous, Op, $"dx {dx.Shape} must be [B,T,C], contiguous");
        Require(branch.Length > 0 && branch.Length == gradients.Length, Op, $"{branch.Length} terms, {gradients.Length} gradients");
        RequireTerms(Op, branch, dx.Shape, "dx", readsSources: !dGate.IsNone || !dScalar.IsNone);
        Require(ResidualTerm.WholeBranches(branch, 1) == branch.Length, Op, "the terms are more than one branch");
        bool isWanted = !dGate.IsNone || !dScalar.IsNone, hasSlopes = false;
        foreach (ResidualTermGradient gradient in gradients)
        {
            Tensor dSource = gradient.DSource;
            Require(dSource.IsNone || (dSource.Shape == dx.Shape && dSource.IsContiguous), Op, $"dSource {dSource.Shape} does not match dx {dx.Shape}");
            Require(float.IsFinite(gradient.Slope), Op, $"slope {gradient.Slope} is not finite");
            isWanted |= !dSource.IsNone;
            hasSlopes |= gradient.Slope != 0;
        }

        Require(isWanted, Op, "nothing is wanted");
        Tensor gate = branch[0].Gate;
        bool gradientFits = dGate.IsNone || (dGate.Rows == dx.Shape[0] && dGate.Columns == dx.Columns);
        Require(gradientFits, Op, $"dGate {dGate.Shape} does not match dx {dx.Shape} (one row per image)");
        Require(dGate.IsNone || (!gate.IsNone && gate.Rows == dGate.Rows), Op, $"dGate {dGate.Shape} does not match gate {gate.Shape}");
        bool hasRows = dScalar.IsNone || (dScalar.DType == DType.F32 && dScalar.Shape.Count == dx.Rows && dScalar.IsContiguous);
        Require(hasRows, Op, $"dScalar {dScalar.Shape} {dScalar.DType} must be F32, a value per row of dx {dx.Shape}");
        Require(hasSlopes != dScalar.IsNone, Op, "slopes go with dScalar");
        ResidualTermBackwardCore(dx, branch, gradients, dGate, dScalar);
    }

    /// <summary>The device's form of
    /// <see cref="ResidualTermBackward(Tensor, ReadOnlySpan{ResidualTerm}, ReadOnlySpan{ResidualTermGradient}, Tensor, Tensor)"/>; shapes have been
    /// checked.</summary>
    protected abstract void ResidualTermBackwardCore(
        Tensor dx, ReadOnlySpan<ResidualTerm> branch, ReadOnlySpan<ResidualTermGradient> gradients, Tensor dGate, Tensor dScalar);
}
