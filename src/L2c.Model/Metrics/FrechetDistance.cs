namespace L2c.Model.Metrics;

/// <summary>Fréchet distance of sets of feature vectors to one reference set, all taken as Gaussian.</summary>
/// <remarks>
/// Formula  d² = |μ - μ'|² + Tr Σ + Tr Σ' - 2 Tr (Σ Σ')^½, which is the number that is reported, as is usual. For any Σ = UᵀU and Σ' = VᵀV the last
///          trace is the sum of the singular values of B = U Vᵀ: the roots of the eigenvalues of the smaller of BᵀB and BBᵀ.
/// Numerics binary64; <see cref="PivotedCholesky"/> leaves out the null directions, each of which would cost half of the digits, so singular
///          covariances (fewer vectors than features) lose nothing: 1e-13 of the traces at 2048 features. The same bits for any number of threads.
/// Others   ADM's evaluator sums means in binary32, also their distance, in an order that is not said, and takes the root by Schur's decomposition:
///          its numbers differ by up to 1e-7 of the traces, and where covariances are singular by 1e-6 in all.
/// Memory   apart from both statistics three square matrices.
/// Source   Dowson and Landau 1982, "The Fréchet distance between multivariate normal distributions"; Heusel et al. 2017 for its use.
/// </remarks>
public sealed class FrechetDistance
{
    private readonly FeatureStatistics _reference;
    private readonly double[] _mean;
    private readonly double _trace;
    private readonly double[] _factor; // [rank, pitch]
    private readonly int _rank;

    /// <summary>Prepares the reference: factors its covariance.</summary>
    /// <param name="reference">What distances are to; it stays as it is.</param>
    /// <param name="threads">Threads that compute; 0 for one per core. The result does not depend on them.</param>
    /// <exception cref="ArgumentException">Fewer than two vectors, or a covariance that is not one.</exception>
    public FrechetDistance(FeatureStatistics reference, int threads = 0)
        : this(reference, Square(reference.Dimension), threads)
    {
    }

    private FrechetDistance(FeatureStatistics reference, double[] room, int threads)
    {
        _reference = reference;
        _mean = reference.Mean();
        reference.WriteCovariance(room, PackedRows.PitchOf(reference.Dimension));
        _trace = Trace(room, reference.Dimension);
        (_factor, _rank) = PivotedCholesky.Factor(room, reference.Dimension, reference.Name, threads);
    }

    /// <summary>The distance of two sets.</summary>
    /// <inheritdoc cref="To"/>
    /// <param name="set">Statistics of the set.</param>
    /// <param name="reference">Those of the reference; exchanging them changes rounding alone.</param>
    /// <param name="threads">Threads that compute; 0 for one per core. The result does not depend on them.</param>
    public static FrechetTerms Between(FeatureStatistics set, FeatureStatistics reference, int threads = 0)
    {
        double[] room = Square(reference.Dimension);
        return new FrechetDistance(reference, room, threads).Measure(set, room, threads);
    }

    /// <summary>The distance of a set to the reference.</summary>
    /// <param name="set">Its statistics; they stay as they are.</param>
    /// <param name="threads">Threads that compute; 0 for one per core. The result does not depend on them.</param>
    /// <exception cref="ArgumentException">Vectors of another length, fewer than two of them, or a covariance that is not one.</exception>
    public FrechetTerms To(FeatureStatistics set, int threads = 0) => Measure(set, Square(_reference.Dimension), threads);

    private FrechetTerms Measure(FeatureStatistics set, double[] room, int threads)
    {
        if (set.Dimension != _reference.Dimension)
        {
            throw new ArgumentException(
                $"{set.Name} has {set.Dimension} features of an image, and {_reference.Name} has {_reference.Dimension}; "
                + "compare features of one kind");
        }

        double mean = SquaredDistance(set.Mean(), _mean);
        set.WriteCovariance(room, PackedRows.PitchOf(set.Dimension));
        double trace = Trace(room, set.Dimension);
        (double[] factor, int rank) = PivotedCholesky.Factor(room, set.Dimension, set.Name, threads);
        return new FrechetTerms(mean, trace, _trace, RootTrace(factor, rank, room, threads));
    }

    /// <summary>The sum of the singular values of U Vᵀ.</summary>
    /// <param name="factor">U, [rank, pitch], in room for a square matrix; destroyed.</param>
    /// <param name="rank">Rows of it.</param>
    /// <param name="product">Room for a square matrix.</param>
    /// <param name="threads">Threads that compute; 0 for one per core.</param>
    private double RootTrace(double[] factor, int rank, double[] product, int threads)
    {
        // The Gram matrix is of the columns of B, so those shall be the fewer.
        int rows = Math.Max(rank, _rank), columns = Math.Min(rank, _rank);
        if (columns == 0)
        {
            return 0;
        }

        (double[] tall, double[] flat) = rank >= _rank ? (factor, _factor) : (_factor, factor);
        int dimension = _reference.Dimension, pitch = PackedRows.PitchOf(dimension), small = PackedRows.PitchOf(columns);
        Array.Clear(product);
        PackedRows left = new(rows), right = new(columns);
        for (int first = 0; first < dimension; first += PackedRows.RowsAtOnce)
        {
            int count = Math.Min(PackedRows.RowsAtOnce, dimension - first);
            left.Clear();
            right.Clear();
            left.AddColumns(tall, pitch, first, count);
            right.AddColumns(flat, pitch, first, count);
            TransposedProduct.Add(left, right, product, small, threads);
        }

        double[] gram = factor;
        Array.Clear(gram);
        for (int first = 0; first < rows; first += PackedRows.RowsAtOnce)
        {
            right.Clear();
            right.AddRows(product, small, first, Math.Min(PackedRows.RowsAtOnce, rows - first));
            TransposedProduct.Add(right, right, gram, small, threads, upper: true);
        }

        (double[] diagonal, double[] squares) = Tridiagonal.Reduce(gram, columns, threads);
        TridiagonalEigenvalues.Find(diagonal, squares);

        // In ascending order: the sum is the more exact.
        Array.Sort(diagonal);
        return diagonal.Sum(value => Math.Sqrt(Math.Max(value, 0)));
    }

    // Room for a matrix and what the products of its rows write beyond it.
    private static double[] Square(int dimension) => new double[PackedRows.PitchOf(dimension) * PackedRows.PitchOf(dimension)];

    private static double Trace(double[] covariance, int dimension)
    {
        int pitch = PackedRows.PitchOf(dimension);
        double sum = 0;
        for (int i = 0; i < dimension; i++)
        {
            sum += covariance[i * (pitch + 1)];
        }

        return sum;
    }

    private static double SquaredDistance(double[] one, double[] other)
    {
        double sum = 0;
        for (int i = 0; i < one.Length; i++)
        {
            double difference = one[i] - other[i];
            sum += difference * difference;
        }

        return sum;
    }
}
