using MathNet.Numerics.LinearAlgebra;

namespace L2c.Model.Metrics;

/// <summary>Fréchet distance of sets of feature vectors to one reference set, all taken as Gaussian.</summary>
/// <remarks>
/// Formula  d² = |μ - μ'|² + Tr(Σ + Σ' - 2 (Σ Σ')^½), which is the number that is reported, as is usual. With Σ' = FᵀF the trace of the last root is
///          the sum of the roots of the eigenvalues of F Σ Fᵀ, which is symmetric and has the eigenvalues of Σ Σ' that are not 0. F is Σ'^½, or of a
///          reference of fewer vectors than components those vectors themselves, which makes everything smaller.
/// Numerics binary64, eigenvalues by symmetric decomposition; singular covariances need no regularisation: eigenvalues that rounding made negative
///          are 0. What rounding leaves of a distance is about 1e-6 of the largest eigenvalue.
/// Source   Dowson and Landau 1982, "The Fréchet distance between multivariate normal distributions"; Heusel et al. 2017 for its use.
/// </remarks>
public sealed class FrechetDistance
{
    private readonly GaussianFit _reference;
    private readonly Matrix<double> _factor;

    /// <summary>Prepares the reference: at most one eigendecomposition.</summary>
    public FrechetDistance(GaussianFit reference)
    {
        _reference = reference;
        if (reference.Factor is { } factor)
        {
            _factor = Matrix<double>.Build.Dense(reference.Dimension, factor.Length / reference.Dimension, factor).Transpose();
            return;
        }

        var decomposition = ToMatrix(reference).Evd(Symmetricity.Symmetric);
        Matrix<double> vectors = decomposition.EigenVectors;
        Matrix<double> scaled = vectors.MapIndexed((_, column, value) => value * Math.Sqrt(Math.Max(decomposition.EigenValues[column].Real, 0)));
        _factor = scaled.TransposeAndMultiply(vectors);
    }

    /// <summary>The distance of a set to the reference, at least 0.</summary>
    /// <exception cref="ArgumentException">Vectors of another length.</exception>
    public double To(GaussianFit fit)
    {
        if (fit.Dimension != _reference.Dimension)
        {
            throw new ArgumentException($"features of {fit.Dimension} components do not compare with {_reference.Dimension}");
        }

        double distance = 0;
        for (int i = 0; i < fit.Dimension; i++)
        {
            double difference = fit.Mean[i] - _reference.Mean[i];
            int diagonal = i * (fit.Dimension + 1);
            distance += (difference * difference) + fit.Covariance[diagonal] + _reference.Covariance[diagonal];
        }

        Matrix<double> product = (_factor * ToMatrix(fit)).TransposeAndMultiply(_factor);

        // Exactly symmetric again: the decomposition reads both triangles.
        Matrix<double> symmetric = (product + product.Transpose()) / 2;
        double trace = symmetric.Evd(Symmetricity.Symmetric).EigenValues.Sum(value => Math.Sqrt(Math.Max(value.Real, 0)));
        return Math.Max(distance - (2 * trace), 0);
    }

    // By column instead of by row, which is the same for a symmetric matrix. A copy: the fit is not this class's to change.
    private static Matrix<double> ToMatrix(GaussianFit fit) =>
        Matrix<double>.Build.Dense(fit.Dimension, fit.Dimension, (double[])fit.Covariance.Clone());
}
