using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace L2c.Model.Metrics;

/// <summary>Householder's reduction of a symmetric matrix to a tridiagonal one of the same eigenvalues, without eigenvectors.</summary>
/// <remarks>
/// Method   column by column: H = I - τ v vᵀ takes a column to its first element, A ← H A H = A - v wᵀ - w vᵀ. The changes of 32 columns wait in V and W,
///          so that a step only reads the matrix once, for A v, and the changes are one product.
/// Numerics binary64; each sum has eight times four parts added in a fixed order: the same bits for any number of threads and any vectors.
/// Source   Dongarra, Sorensen and Hammarling 1989, "Block reduction of matrices to condensed forms for eigenvalue computations".
/// </remarks>
internal sealed class Tridiagonal
{
    private const int ColumnsAtOnce = 32;
    private const int RowsOfTask = 64;
    private const int Lanes = 8;

    // Below so many elements, starting threads costs more than they save.
    private const int SerialElements = 1 << 16;

    private readonly double[] _a, _v, _w, _column, _diagonal, _squares;
    private readonly int _size, _pitch;
    private readonly int _threads;
    private readonly ParallelOptions _options;
    private readonly Action<int> _multiplyRows;
    private readonly PackedRows _left, _right;
    private int _first, _step; // of the block, and the column in it

    private Tridiagonal(double[] a, int size, int threads)
    {
        (_a, _size, _pitch, _threads) = (a, size, PackedRows.PitchOf(size), threads);
        (_v, _w, _column) = (new double[ColumnsAtOnce * _pitch], new double[ColumnsAtOnce * _pitch], new double[_pitch]);
        (_diagonal, _squares) = (new double[size], new double[size]);
        _options = new ParallelOptions { MaxDegreeOfParallelism = threads == 0 ? -1 : threads };
        _multiplyRows = MultiplyRows;
        (_left, _right) = (new PackedRows(size, 2 * ColumnsAtOnce), new PackedRows(size, 2 * ColumnsAtOnce));
    }

    private int Column => _first + _step;

    /// <summary>Reduces.</summary>
    /// <param name="matrix">[n, pitch], pitch that of <see cref="PackedRows.PitchOf"/>, its upper triangle; destroyed.</param>
    /// <param name="size">n.</param>
    /// <param name="threads">Threads that compute; 0 for one per core.</param>
    /// <returns>The diagonal, and the squares of the elements beside it, the last 0.</returns>
    public static (double[] Diagonal, double[] Squares) Reduce(double[] matrix, int size, int threads)
    {
        Tridiagonal self = new(matrix, size, threads);
        self.MirrorUpper();
        for (self._first = 0; self._first < size; self._first += ColumnsAtOnce)
        {
            int count = Math.Min(ColumnsAtOnce, size - self._first);
            for (self._step = 0; self._step < count; self._step++)
            {
                self.ReduceColumn();
            }

            if (self._first + count < size)
            {
                self.ApplyChanges(count);
            }
        }

        return (self._diagonal, self._squares);
    }

    private void MirrorUpper()
    {
        for (int i = 0; i < _size; i++)
        {
            for (int j = 0; j < i; j++)
            {
                _a[(i * _pitch) + j] = _a[(j * _pitch) + i];
            }

            // The products read whole vectors.
            _a.AsSpan((i * _pitch) + _size, _pitch - _size).Clear();
        }
    }

    private void ReduceColumn()
    {
        int k = Column, next = k + 1;
        Span<double> column = _column, v = Row(_v, _step), w = Row(_w, _step);
        _a.AsSpan(k * _pitch, _pitch).CopyTo(column);
        for (int earlier = 0; earlier < _step; earlier++)
        {
            AddMultiple(column, Row(_v, earlier), -Row(_w, earlier)[k]);
            AddMultiple(column, Row(_w, earlier), -Row(_v, earlier)[k]);
        }

        _diagonal[k] = column[k];
        v.Clear();
        w.Clear();
        if (next == _size)
        {
            return;
        }

        // Smaller or greater numbers would lose digits or overflow when squared.
        double scale = 0, squares = 0;
        for (int i = next; i < _size; i++)
        {
            scale = Math.Max(scale, Math.Abs(column[i]));
        }

        if (scale == 0)
        {
            return;
        }

        for (int i = next; i < _size; i++)
        {
            v[i] = column[i] / scale;
            squares += v[i] * v[i];
        }

        double first = v[next], norm = Math.CopySign(Math.Sqrt(squares), first);
        _squares[k] = scale * norm * (scale * norm);
        double tau = (norm + first) / norm, divisor = first + norm;
        v[next] = divisor;
        for (int i = next; i < _size; i++)
        {
            v[i] /= divisor;
        }

        Multiply();
        for (int earlier = 0; earlier < _step; earlier++)
        {
            double alongW = Dot(ref Row(_w, earlier)[0], ref v[0], 0, _pitch), alongV = Dot(ref Row(_v, earlier)[0], ref v[0], 0, _pitch);
            AddMultiple(w, Row(_v, earlier), -alongW);
            AddMultiple(w, Row(_w, earlier), -alongV);
        }

        w[..next].Clear();
        double half = tau * tau / 2 * Dot(ref w[0], ref v[0], 0, _pitch);
        for (int i = next; i < _size; i++)
        {
            w[i] = (tau * w[i]) - (half * v[i]);
        }
    }

    /// <summary>w = A v with the matrix as it was when the block began.</summary>
    private void Multiply()
    {
        int next = Column + 1, rows = _size - next;
        int tasks = (rows + RowsOfTask - 1) / RowsOfTask;
        if (tasks > 1 && _threads != 1 && (long)rows * rows > SerialElements)
        {
            Parallel.For(0, tasks, _options, _multiplyRows);
            return;
        }

        for (int task = 0; task < tasks; task++)
        {
            MultiplyRows(task);
        }
    }

    private void MultiplyRows(int task)
    {
        int next = Column + 1, from = next + (task * RowsOfTask), to = Math.Min(from + RowsOfTask, _size), start = next / Lanes * Lanes;
        ref double v = ref _v[_step * _pitch];
        for (int row = from; row < to; row++)
        {
            _w[(_step * _pitch) + row] = Dot(ref _a[row * _pitch], ref v, start, _pitch);
        }
    }

    private void ApplyChanges(int count)
    {
        _left.Clear();
        _right.Clear();
        _left.AddRows(_v, _pitch, 0, count, -1);
        _left.AddRows(_w, _pitch, 0, count, -1);
        _right.AddRows(_w, _pitch, 0, count);
        _right.AddRows(_v, _pitch, 0, count);
        TransposedProduct.Add(_left, _right, _a, _pitch, _threads, first: _first + count);
    }

    private Span<double> Row(double[] matrix, int row) => matrix.AsSpan(row * _pitch, _pitch);

    private static void AddMultiple(Span<double> target, ReadOnlySpan<double> source, double times)
    {
        ref double to = ref MemoryMarshal.GetReference(target);
        ref double from = ref MemoryMarshal.GetReference(source);
        var factor = Vector512.Create(times);
        for (nuint i = 0; i < (nuint)target.Length; i += Lanes)
        {
            Vector512.FusedMultiplyAdd(factor, Vector512.LoadUnsafe(ref from, i), Vector512.LoadUnsafe(ref to, i)).StoreUnsafe(ref to, i);
        }
    }

    /// <summary>The sum of products of the elements from <paramref name="start"/> to <paramref name="end"/>, both multiples of eight.</summary>
    private static double Dot(ref double one, ref double other, int start, int end)
    {
        Vector512<double> a = Vector512<double>.Zero, b = a, c = a, d = a;
        nuint i = (nuint)start;
        for (; i + (4 * Lanes) <= (nuint)end; i += 4 * Lanes)
        {
            a = Vector512.FusedMultiplyAdd(Vector512.LoadUnsafe(ref one, i), Vector512.LoadUnsafe(ref other, i), a);
            b = Vector512.FusedMultiplyAdd(Vector512.LoadUnsafe(ref one, i + Lanes), Vector512.LoadUnsafe(ref other, i + Lanes), b);
            c = Vector512.FusedMultiplyAdd(Vector512.LoadUnsafe(ref one, i + (2 * Lanes)), Vector512.LoadUnsafe(ref other, i + (2 * Lanes)), c);
            d = Vector512.FusedMultiplyAdd(Vector512.LoadUnsafe(ref one, i + (3 * Lanes)), Vector512.LoadUnsafe(ref other, i + (3 * Lanes)), d);
        }

        for (; i < (nuint)end; i += Lanes)
        {
            a = Vector512.FusedMultiplyAdd(Vector512.LoadUnsafe(ref one, i), Vector512.LoadUnsafe(ref other, i), a);
        }

        Vector512<double> sum = a + b + (c + d);
        Vector256<double> quarter = sum.GetLower() + sum.GetUpper();
        Vector128<double> pair = quarter.GetLower() + quarter.GetUpper();
        return pair.ToScalar() + pair.GetElement(1);
    }
}
