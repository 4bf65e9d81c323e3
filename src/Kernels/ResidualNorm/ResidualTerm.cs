namespace L2c.Kernels;

/// <summary>One addition to the residual stream, or a part of one: gate * (weight * scalar * source), where terms that join are summed before the
/// gate.</summary>
/// <param name="Source">[B,T,C]: a branch's output, fresh or from the cache; of the storage type, or of <see cref="DType.BF16"/> as
/// <see cref="Device.Convert"/> writes it.</param>
/// <param name="Gate">[R,C], any row stride, one row per image: image b reads row min(b, R - 1). None stands for 1.</param>
/// <param name="Weight">What the source is multiplied by: finite.</param>
/// <param name="Scalar">[1] F32, a further factor that is read at replay; none stands for 1.</param>
/// <param name="Joins">Whether the term belongs to the branch of the term before it, whose gate it shares: its own is the same tensor or
/// none.</param>
/// <remarks>The default value has weight 0: write <c>new ResidualTerm(source)</c>.</remarks>
public readonly record struct ResidualTerm(Tensor Source, Tensor Gate = default, float Weight = 1, Tensor Scalar = default, bool Joins = false)
{
    /// <summary>Terms of one branch at most.</summary>
    public const int MaxPerBranch = 6;

    /// <summary>Terms that every device adds in its first pass over the stream, before it writes a sum.</summary>
    public const int MaxPerPass = 4;

    /// <summary>Whether the source is multiplied by anything but its gate.</summary>
    internal bool HasFactor => Weight != 1 || !Scalar.IsNone;

    /// <summary>Whether the source is bfloat16 on a device that stores fp32.</summary>
    internal bool IsConverted => Source.DType == DType.BF16 && Source.Device.StorageType == DType.F32;

    /// <summary>Whether any source is, see <see cref="IsConverted"/>.</summary>
    internal static bool AnyConverted(ReadOnlySpan<ResidualTerm> terms)
    {
        foreach (ResidualTerm term in terms)
        {
            if (term.IsConverted)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Whether every term is a branch of its own, without a factor.</summary>
    internal static bool AreUnweighted(ReadOnlySpan<ResidualTerm> terms)
    {
        foreach (ResidualTerm term in terms)
        {
            if (term.HasFactor || term.Joins)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>How many of the first terms to add at once: whole branches, at least one, no more terms than <paramref name="limit"/> if there is a
    /// choice.</summary>
    internal static int WholeBranches(ReadOnlySpan<ResidualTerm> terms, int limit)
    {
        int whole = 0;
        for (int i = 1; i <= terms.Length && (whole == 0 || i <= limit); i++)
        {
            if (i == terms.Length || !terms[i].Joins)
            {
                whole = i;
            }
        }

        return whole;
    }
}

public abstract partial class Device
{
    /// <summary>Checks the terms of an op on a stream of shape [B,T,C], whose tensor messages call <paramref name="name"/>; sources only where the op
    /// reads them.</summary>
    private static void RequireTerms(string op, ReadOnlySpan<ResidualTerm> terms, Shape stream, string name, bool readsSources = true)
    {
        int inBranch = 0;
        Tensor gate = default;
        foreach (ResidualTerm term in terms)
        {
            bool sourceFits = !readsSources || (term.Source.Shape == stream && term.Source.IsContiguous);
            Require(sourceFits, op, $"source {term.Source.Shape} does not match {name} {stream}");
            bool gateFits = term.Gate.IsNone || (term.Gate.Columns == stream.Columns && term.Gate.Rows <= stream[0]);
            Require(gateFits, op, $"gate {term.Gate.Shape} does not match {name} {stream} (C must agree, at most B rows)");
            Require(float.IsFinite(term.Weight), op, $"weight {term.Weight} is not finite");
            bool scalarFits = term.Scalar.IsNone || (term.Scalar.DType == DType.F32 && term.Scalar.Shape.Count == 1);
            Require(scalarFits, op, $"scalar {term.Scalar.Shape} {term.Scalar.DType} must be [1] F32");
            Require(!term.Joins || inBranch > 0, op, "the first term has no branch to join");
            Require(!term.Joins || term.Gate.IsNone || term.Gate == gate, op, "a term that joins a branch has its gate or none");
            (inBranch, gate) = term.Joins ? (inBranch + 1, gate) : (1, term.Gate);
            Require(inBranch <= ResidualTerm.MaxPerBranch, op, $"a branch has at most {ResidualTerm.MaxPerBranch} terms");
        }
    }
}
