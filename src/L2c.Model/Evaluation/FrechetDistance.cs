using L2c.Model.Randomness;
using MathNet.Numerics.LinearAlgebra;
using MathNet.Numerics.LinearAlgebra.Factorization;

namespace L2c.Model.Evaluation;

/// <summary>
/// The Frechet distance of feature sets to one reference set, both taken as normal distributions: the squared 2-Wasserstein distance.
/// </summary>
/// <remarks>
/// Formula  |m1 - m2|^2 + tr(S1) + tr(S2) - 2 tr((S1^(1/2) S2 S1^(1/2))^(1/2)), S1 the reference.
/// Numerics binary64. Square roots by the eigenvalues of symmetric matrices, which singular covariances do not disturb; eigenvalues that rounding
///          made negative count as 0. The reference's root is computed once.
/// Source   Dowson and Landau 1982, "The Frechet distance between multivariate normal distributions"; Heusel et al. 2017 for its use on features.
/// </remarks>
public sealed class FrechetDistance
{
    /// <summary>Resamples of <see cref="Interval"/>.</summary>
    public const int Resamples = 20;

    // Counter word 3 of the resampling's generator: keeps it apart from other uses of the seed.
    private const uint Domain = 0x424F_4F54;

    private readonly FeatureStatistics _reference;
    private readonly Matrix<double> _root;
    private readonly double _trace;

    /// <summary>Prepares a reference.</summary>
    /// <param name="reference">Usually of data.</param>
    public FrechetDistance(FeatureStatistics reference)
    {
        _reference = reference;
        Matrix<double> covariance = ToMatrix(reference);
        _trace = covariance.Trace();
        Evd<double> evd = covariance.Evd(Symmetricity.Symmetric);
        Matrix<double> scaled = evd.EigenVectors.MapIndexed((_, column, value) => value * Math.Sqrt(Math.Max(0, evd.EigenValues[column].Real)));
        _root = Symmetrised(scaled.TransposeAndMultiply(evd.EigenVectors));
    }

    /// <summary>The distance of a set.</summary>
    /// <param name="samples">Of as many features as the reference.</param>
    /// <exception cref="ArgumentException">The numbers of features differ.</exception>
    public double To(FeatureStatistics samples)
    {
        if (samples.Mean.Length != _reference.Mean.Length)
        {
            throw new ArgumentException($"Frechet distance: {samples.Mean.Length} features against {_reference.Mean.Length}");
        }

        double distance = 0;
        for (int i = 0; i < samples.Mean.Length; i++)
        {
            double difference = samples.Mean[i] - _reference.Mean[i];
            distance += difference * difference;
        }

        Matrix<double> covariance = ToMatrix(samples);
        double cross = 0;
        foreach (System.Numerics.Complex eigenvalue in Symmetrised(_root * covariance * _root).Evd(Symmetricity.Symmetric).EigenValues)
        {
            cross += Math.Sqrt(Math.Max(0, eigenvalue.Real));
        }

        return distance + _trace + covariance.Trace() - (2 * cross);
    }

    /// <summary>The distance of a set with a 95 % interval for what other samples of the same distribution would give.</summary>
    /// <remarks>
    /// The interval is the distance plus and minus 1.96 standard deviations of the distances of 20 bootstrap resamples. It stands around the distance
    /// itself, not around the resamples' mean: they repeat samples, which alone makes their distances larger.
    /// </remarks>
    /// <param name="features">[samples, n].</param>
    /// <param name="seed">Of the resampling.</param>
    /// <exception cref="ArgumentException">As <see cref="To"/> and <see cref="FeatureStatistics.Of"/>.</exception>
    public (double Distance, double Low, double High) Interval(double[] features, ulong seed)
    {
        int length = _reference.Mean.Length, samples = features.Length / length;
        double distance = To(FeatureStatistics.Of(features, length));
        double[] resampled =
            [.. Enumerable.Range(0, Resamples).Select(r => To(FeatureStatistics.Of(features, length, Resample(seed, (uint)r, samples))))];
        double mean = resampled.Average();
        double reach = 1.96 * Math.Sqrt(resampled.Sum(d => (d - mean) * (d - mean)) / (Resamples - 1));
        return (distance, distance - reach, distance + reach);
    }

    private static int[] Resample(ulong seed, uint resample, int samples)
    {
        int[] picked = new int[samples];
        Span<uint> words = stackalloc uint[4];
        for (int i = 0; i < samples; i++)
        {
            Philox4x32.Block(seed, (uint)i, resample, 0, Domain, words);
            picked[i] = (int)(((ulong)words[0] * (ulong)samples) >> 32);
        }

        return picked;
    }

    private static Matrix<double> ToMatrix(FeatureStatistics statistics) =>
        Matrix<double>.Build.Dense(statistics.Mean.Length, statistics.Mean.Length, statistics.Covariance); // symmetric: rows are columns

    private static Matrix<double> Symmetrised(Matrix<double> matrix) => (matrix + matrix.Transpose()) * 0.5;
}
