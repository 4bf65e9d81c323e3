namespace L2c.Kernels;

/// <summary>Which normalisation follows the residual additions.</summary>
public enum NormKind
{
    /// <summary>None: only the additions.</summary>
    None,
    /// <summary>LN without affine, then (1 + scale[b]) and shift[b]: adaLN.</summary>
    Modulated,
    /// <summary>LN with affine weight and bias [C], shared by all rows.</summary>
    Affine,
}

/// <summary>A layer norm over C and what is applied after it.</summary>
/// <param name="Kind">Which form.</param>
/// <param name="Scale">[R,C] for <see cref="NormKind.Modulated"/> (image b reads row min(b, R - 1)), [C] (the weight) for <see cref="NormKind.Affine"/>.</param>
/// <param name="Shift">[R,C] or [C] (the bias).</param>
/// <param name="Epsilon">Added to the variance.</param>
public readonly record struct Norm(NormKind Kind, Tensor Scale, Tensor Shift, float Epsilon)
{
    /// <summary>No normalisation.</summary>
    public static Norm None => default;

    /// <summary>adaLN: LN(x) (1 + scale[b]) + shift[b].</summary>
    public static Norm Modulated(Tensor scale, Tensor shift, float epsilon) => new(NormKind.Modulated, scale, shift, epsilon);

    /// <summary>LN(x) weight + bias.</summary>
    public static Norm Affine(Tensor weight, Tensor bias, float epsilon) => new(NormKind.Affine, weight, bias, epsilon);
}

public abstract partial class Device
{
    /// <summary>
    /// xOut[b,t] = ((xIn[b,t] + gate0[b] branch0[b,t]) + gate1[b] branch1[b,t]) + ..., then y = Norm(xOut): one pass over x however many branches are added.
    /// branch = sum_k weight_k scalar_k source_k over the branch's terms; for one term without factors its source.
    /// </summary>
    /// <param name="xIn">[B,T,C], or [T,C] read by every image (position embeddings), contiguous.</param>
    /// <param name="terms">Zero or more additions, in order; one of them may be made of up to <see cref="ResidualTerm.MaxPerBranch"/> terms. A replay keeps
    /// the tensors, not the span. More than <see cref="ResidualTerm.MaxPerPass"/> terms take several passes, so only a source of the first branches that
    /// have no more terms together may be the output.</param>
    /// <param name="xOut">[B,T,C] contiguous, may be <paramref name="xIn"/>; none when nothing reads the sum afterwards.</param>
    /// <param name="norm">What follows.</param>
    /// <param name="y">[B,T,C] contiguous: the normalised sum; none with <see cref="Norm.None"/>.</param>
    /// <remarks>
    /// Rows     gates, scales and shifts may have fewer rows than images: the last row serves the rest. With guidance the images of the second half all
    ///          carry the null label, so N + 1 rows say everything that 2N would.
    /// Numbers  sums, mean and variance in fp32, variance from centred values (one pass over squares cancels when |mean| is large). A branch is summed
    ///          before its gate and before it meets x, in the order of its terms, so that weights may cancel. Sources must be finite: 0 times
    ///          infinity is NaN.
    /// Traffic  (1 + terms + 2) B T C elements plus O(B C): memory-bound.
    /// Source   Peebles and Xie 2023, adaLN-Zero; DiT models.py, DiTBlock. Skipping: Learning-to-Cache, section 3.
    /// </remarks>
    /// <exception cref="ArgumentException">Shapes disagree.</exception>
    public void ResidualNorm(Tensor xIn, ReadOnlySpan<ResidualTerm> terms, Tensor xOut, Norm norm, Tensor y)
    {
        const string Op = nameof(ResidualNorm);
        Tensor result = xOut.IsNone ? y : xOut;
        Require(!result.IsNone, Op, "neither xOut nor y is given");
        Require(result.Shape.Rank == 3, Op, $"output {result.Shape} must be [B,T,C]");
        int batch = result.Shape[0], tokens = result.Shape[1], channels = result.Columns;
        Require(xIn.Columns == channels && (xIn.Rows == batch * tokens || xIn.Rows == tokens), Op, $"xIn {xIn.Shape} does not match output {result.Shape}");
        Require(xIn.IsContiguous && result.IsContiguous, Op, "x must be contiguous");
        Require(y.IsNone == (norm.Kind == NormKind.None), Op, "y goes with a norm, and a norm with y");
        Require(y.IsNone || xOut.IsNone || y.Shape == xOut.Shape, Op, $"y {y.Shape} does not match xOut {xOut.Shape}");
        RequireTerms(Op, terms, result.Shape, "output");
        for (int i = ResidualTerm.WholeBranches(terms, ResidualTerm.MaxPerPass); i < terms.Length; i++)
        {
            bool isThere = terms[i].Source.Address != result.Address;
            Require(isThere, Op, $"source {i} is the output {result.Shape}, which the first branches have overwritten by then");
        }

        bool vectorsFit = norm.Kind switch
        {
            NormKind.Modulated => IsPerImage(norm.Scale) && IsPerImage(norm.Shift),
            NormKind.Affine => norm.Scale.Shape.Count == channels && norm.Shift.Shape.Count == channels,
            _ => true,
        };
        Require(vectorsFit, Op, $"scale {norm.Scale.Shape} and shift {norm.Shift.Shape} do not match output {result.Shape}");
        ResidualNormCore(xIn, terms, xOut, norm, y);

        bool IsPerImage(Tensor vector) => vector.Columns == channels && vector.Rows <= batch;
    }

    /// <summary>The device's form of <see cref="ResidualNorm"/>; shapes have been checked.</summary>
    protected abstract void ResidualNormCore(Tensor xIn, ReadOnlySpan<ResidualTerm> terms, Tensor xOut, Norm norm, Tensor y);
}
