using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace L2c.Model.Metrics;

/// <summary>U with UᵀU = S for a covariance S of any rank, whose rows are as many as the rank.</summary>
/// <remarks>
/// Method   Cholesky with diagonal pivoting, 64 rows at a time, rows and columns left in their places. It ends at a pivot of at most D 2^-52 times
///          the largest diagonal, or one that the least is as far below 0: what is left then is rounding, here or in a file of fewer digits.
/// Numerics binary64, the same bits for any number of threads.
/// Source   Higham 2002, "Accuracy and Stability of Numerical Algorithms", section 10.3.
/// </remarks>
internal static class PivotedCholesky
{
    private const int RowsAtOnce = 64;
    private const double Unit = 1.0 / (1L << 52);

    // More than files in binary32 are off. Those in binary16 are taken only where rounding leaves no negative variance of this size.
    private const double NegativeTolerance = 1e-5;

    /// <summary>Factors.</summary>
    /// <param name="matrix">S, [D, pitch], pitch that of <see cref="PackedRows.PitchOf"/>, both triangles; destroyed.</param>
    /// <param name="dimension">D.</param>
    /// <param name="name">Whose covariance it is, for messages.</param>
    /// <param name="threads">Threads that compute; 0 for one per core.</param>
    /// <returns>U, [rank, pitch], followed by zeros to a square matrix; and the rank.</returns>
    /// <exception cref="ArgumentException">S is not positive semidefinite.</exception>
    public static (double[] Factor, int Rank) Factor(double[] matrix, int dimension, string name, int threads)
    {
        int pitch = PackedRows.PitchOf(dimension);
        double[] factor = new double[pitch * pitch], diagonal = new double[dimension], noShift = new double[dimension];
        bool[] isDone = new bool[dimension];
        for (int i = 0; i < dimension; i++)
        {
            diagonal[i] = matrix[i * (pitch + 1)];
        }

        double largest = diagonal.Max(), least = dimension * Unit * largest;
        PackedRows added = new(dimension, RowsAtOnce), subtracted = new(dimension, RowsAtOnce);
        int rank = 0, finished = 0;
        while (rank < dimension && Extremes(diagonal, isDone) is var (pivot, lowest) && diagonal[pivot] > Math.Max(least, -lowest))
        {
            Span<double> row = factor.AsSpan(rank * pitch, pitch);
            matrix.AsSpan(pivot * pitch, pitch).CopyTo(row);
            for (int earlier = finished; earlier < rank; earlier++)
            {
                SubtractMultiple(row, factor.AsSpan(earlier * pitch, pitch), factor[(earlier * pitch) + pivot]);
            }

            double root = Math.Sqrt(diagonal[pivot]);
            isDone[pivot] = true;
            for (int i = 0; i < dimension; i++)
            {
                row[i] = isDone[i] ? 0 : row[i] / root;
                diagonal[i] -= row[i] * row[i];
            }

            row[pivot] = root;
            added.Add<double>(row[..dimension], noShift);
            subtracted.Add<double>(row[..dimension], noShift, -1);
            if (++rank - finished == RowsAtOnce)
            {
                TransposedProduct.Add(subtracted, added, matrix, pitch, threads);
                subtracted.Clear();
                added.Clear();
                finished = rank;
            }
        }

        RequireSemidefinite(diagonal, isDone, largest, name);
        return (factor, rank);
    }

    /// <summary>Where the largest of those to come is, and the least of them.</summary>
    private static (int Pivot, double Lowest) Extremes(double[] diagonal, bool[] isDone)
    {
        int found = -1;
        double lowest = double.PositiveInfinity;
        for (int i = 0; i < diagonal.Length; i++)
        {
            if (!isDone[i])
            {
                found = found < 0 || diagonal[i] > diagonal[found] ? i : found;
                lowest = Math.Min(lowest, diagonal[i]);
            }
        }

        return (found, lowest);
    }

    private static void RequireSemidefinite(double[] diagonal, bool[] isDone, double largest, string name)
    {
        for (int i = 0; i < diagonal.Length; i++)
        {
            if (!isDone[i] && diagonal[i] < -NegativeTolerance * largest)
            {
                throw new ArgumentException(
                    $"{name}: the covariance has negative variances (row {i}), so it is none; make the file again, in float64");
            }
        }
    }

    private static void SubtractMultiple(Span<double> row, ReadOnlySpan<double> earlier, double times)
    {
        ref double target = ref MemoryMarshal.GetReference(row);
        ref double source = ref MemoryMarshal.GetReference(earlier);
        var factor = Vector256.Create(-times);
        for (nuint i = 0; i < (nuint)row.Length; i += 4)
        {
            Vector256.FusedMultiplyAdd(factor, Vector256.LoadUnsafe(ref source, i), Vector256.LoadUnsafe(ref target, i)).StoreUnsafe(ref target, i);
        }
    }
}
