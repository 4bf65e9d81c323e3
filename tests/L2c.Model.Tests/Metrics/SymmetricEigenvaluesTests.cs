using L2c.Model.Metrics;
using L2c.Testing;

namespace L2c.Model.Tests.Metrics;

/// <summary>Factors, reduction and eigenvalues against matrices whose answers are known, and against Jacobi's method.</summary>
public class SymmetricEigenvaluesTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(16)]
    [InlineData(33)] // one column beyond a block
    [InlineData(100)]
    [InlineData(300)] // beyond what one thread does
    public void Eigenvalues_of_a_symmetric_matrix_are_Jacobis(int size)
    {
        double[] matrix = Symmetric(size, 1);
        double[] expected = Jacobi(matrix, size);
        double[] actual = Eigenvalues(matrix, size, threads: 0);
        double scale = expected.Max(Math.Abs);
        Assert.All(expected.Zip(actual), pair => Assert.Equal(pair.First, pair.Second, 1e-13 * scale));
        Assert.Equal(actual, Eigenvalues(matrix, size, threads: 1));
        Assert.Equal(actual, Eigenvalues(matrix, size, threads: 3));
    }

    [Fact]
    public void Eigenvalues_of_the_second_difference_are_the_cosines()
    {
        const int Size = 500;
        double[] d = new double[Size], z = new double[Size];
        Array.Fill(d, 2);
        Array.Fill(z, 1);
        TridiagonalEigenvalues.Find(d, z);
        Array.Sort(d);
        for (int i = 0; i < Size; i++)
        {
            Assert.Equal(2 - (2 * Math.Cos((i + 1) * Math.PI / (Size + 1))), d[i], 1e-13);
        }
    }

    [Fact]
    public void Small_eigenvalues_of_a_graded_matrix_keep_their_digits()
    {
        // Their product is the determinant, 1 - 1/4.
        double[] d = [1e8, 1e-8], z = [0.25, 0];
        double half = (1e8 + 1e-8) / 2, root = Math.Sqrt((((1e8 - 1e-8) / 2) * ((1e8 - 1e-8) / 2)) + 0.25), large = half + root;
        TridiagonalEigenvalues.Find(d, z);
        Array.Sort(d);
        Assert.Equal(large, d[1], 1e-15 * large);
        Assert.Equal((1 - 0.25) / large, d[0], 1e-15 * (0.75 / large));
    }

    [Fact]
    public void Matrices_that_are_reduced_already_are_left()
    {
        Assert.Equal([0, 0, 0], Eigenvalues(new double[9], 3, 1));
        Assert.Equal([1, 2, 7], Eigenvalues([7, 0, 0, 0, 1, 0, 0, 0, 2], 3, 1));
        Assert.Equal([-1e-100, 1e-100], Eigenvalues([0, 1e-100, 1e-100, 0], 2, 1), (a, b) => Math.Abs(a - b) < 1e-114);
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(90, 90)]
    [InlineData(150, 150)] // more than two blocks
    [InlineData(150, 20)]
    [InlineData(17, 5)]
    [InlineData(20, 0)]
    public void A_factor_has_as_many_rows_as_the_rank_and_gives_the_matrix_back(int size, int rank)
    {
        double[] rows = [.. RandomData.Normal(8, Math.Max(1, rank) * size).Select(value => rank == 0 ? 0.0 : value)];
        int pitch = PackedRows.PitchOf(size);
        double[] matrix = new double[pitch * pitch];
        for (int i = 0; i < size; i++)
        {
            for (int j = 0; j < size; j++)
            {
                matrix[(i * pitch) + j] = Enumerable.Range(0, rank).Sum(k => rows[(k * size) + i] * rows[(k * size) + j]);
            }
        }

        double[] before = [.. matrix];
        (double[] factor, int found) = PivotedCholesky.Factor(matrix, size, "the set", 0);
        Assert.Equal(rank, found);
        double scale = before.Max();
        for (int i = 0; i < size; i++)
        {
            for (int j = 0; j < size; j++)
            {
                double product = Enumerable.Range(0, rank).Sum(k => factor[(k * pitch) + i] * factor[(k * pitch) + j]);
                Assert.Equal(before[(i * pitch) + j], product, 1e-13 * Math.Max(scale, 1) * size);
            }
        }

        matrix = [.. before];
        Assert.Equal(factor, PivotedCholesky.Factor(matrix, size, "the set", 1).Factor);
    }

    [Fact]
    public void Negative_variances_are_refused()
    {
        double[] matrix = new double[16 * 16];
        (matrix[0], matrix[17]) = (1, -1);
        string message = Assert.Throws<ArgumentException>(() => PivotedCholesky.Factor(matrix, 2, "the set", 1)).Message;
        Assert.StartsWith("the set: the covariance has negative variances (row 1)", message);
    }

    private static double[] Symmetric(int size, int seed)
    {
        float[] random = RandomData.Normal(seed, size * size);
        double[] matrix = new double[size * size];
        for (int i = 0; i < size; i++)
        {
            for (int j = 0; j < size; j++)
            {
                matrix[(i * size) + j] = random[(i * size) + j] + random[(j * size) + i];
            }
        }

        return matrix;
    }

    private static double[] Eigenvalues(double[] matrix, int size, int threads)
    {
        int pitch = PackedRows.PitchOf(size);
        double[] padded = new double[pitch * pitch];
        for (int i = 0; i < size; i++)
        {
            matrix.AsSpan(i * size, size).CopyTo(padded.AsSpan(i * pitch));
        }

        (double[] diagonal, double[] squares) = Tridiagonal.Reduce(padded, size, threads);
        TridiagonalEigenvalues.Find(diagonal, squares);
        Array.Sort(diagonal);
        return diagonal;
    }

    /// <summary>By rotations that set one element to 0 each, until all are small.</summary>
    private static double[] Jacobi(double[] matrix, int n)
    {
        double[] a = [.. matrix];
        for (int sweep = 0; sweep < 30; sweep++)
        {
            for (int p = 0; p < n; p++)
            {
                for (int q = p + 1; q < n; q++)
                {
                    double off = a[(p * n) + q];
                    if (off == 0)
                    {
                        continue;
                    }

                    double theta = (a[(q * n) + q] - a[(p * n) + p]) / (2 * off);
                    double t = Math.CopySign(1, theta) / (Math.Abs(theta) + Math.Sqrt((theta * theta) + 1));
                    double c = 1 / Math.Sqrt((t * t) + 1), s = t * c;
                    for (int k = 0; k < n; k++)
                    {
                        (double kp, double kq) = (a[(k * n) + p], a[(k * n) + q]);
                        (a[(k * n) + p], a[(k * n) + q]) = ((c * kp) - (s * kq), (s * kp) + (c * kq));
                    }

                    for (int k = 0; k < n; k++)
                    {
                        (double pk, double qk) = (a[(p * n) + k], a[(q * n) + k]);
                        (a[(p * n) + k], a[(q * n) + k]) = ((c * pk) - (s * qk), (s * pk) + (c * qk));
                    }
                }
            }
        }

        double[] values = [.. Enumerable.Range(0, n).Select(i => a[i * (n + 1)])];
        Array.Sort(values);
        return values;
    }
}
