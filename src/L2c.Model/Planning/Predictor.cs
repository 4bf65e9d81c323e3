using L2c.Model.Caching;

namespace L2c.Model.Planning;

/// <summary>
/// What stands in for a branch that is not computed: a weighted sum of its own outputs, given which evaluations computed it last. A planner chooses
/// among several by what each is known to cost and to err.
/// </summary>
public abstract class Predictor
{
    /// <summary>As results call it, for instance <c>reuse</c>.</summary>
    public abstract string Name { get; }

    /// <summary>How many of the latest outputs it reads, at least 1 and at most <see cref="Kernels.ResidualTerm.MaxPerBranch"/>.</summary>
    public abstract int Depth { get; }

    /// <summary>The sum.</summary>
    /// <param name="evaluation">The evaluation that does not compute the branch.</param>
    /// <param name="branch">The branch.</param>
    /// <param name="computed">The <see cref="Depth"/> latest evaluations before it that compute the branch, the latest first.</param>
    /// <param name="terms">Receives <see cref="Depth"/> terms.</param>
    public abstract void Write(int evaluation, int branch, ReadOnlySpan<int> computed, Span<CacheTerm> terms);

    /// <summary>The latest output as it is.</summary>
    public static Predictor Reuse { get; } = new PolynomialPredictor(0);

    /// <summary>
    /// The polynomial of an order through as many latest outputs, in the number of the evaluation. Of order 1 it is TaylorSeer's forecast
    /// (arXiv 2503.06923); of order 2 TaylorSeer takes the latest gap for every difference, this one each gap as it is, since a planner's are
    /// unequal.
    /// </summary>
    /// <param name="order">1 or 2.</param>
    public static Predictor Polynomial(int order)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(order, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(order, 2);
        return new PolynomialPredictor(order);
    }

    /// <summary>Lagrange's form: the weight of node k is the product of (e - m) / (k - m) over the other nodes m.</summary>
    private sealed class PolynomialPredictor(int order) : Predictor
    {
        public override string Name => order == 0 ? "reuse" : $"polynomial {order}";

        public override int Depth => order + 1;

        public override void Write(int evaluation, int branch, ReadOnlySpan<int> computed, Span<CacheTerm> terms)
        {
            for (int i = 0; i < Depth; i++)
            {
                double weight = 1;
                for (int j = 0; j < Depth; j++)
                {
                    weight *= j == i ? 1 : (double)(evaluation - computed[j]) / (computed[i] - computed[j]);
                }

                terms[i] = new CacheTerm(computed[i], (float)weight);
            }
        }
    }
}
