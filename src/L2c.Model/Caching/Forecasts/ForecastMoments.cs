using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace L2c.Model.Caching.Forecasts;

/// <summary>Inner products of what a branch computes in one evaluation and of its earlier outputs that it may be forecast from.</summary>
/// <remarks>
/// With F_1 the latest of K sources, D_k = F_k - F_1 for the others, y the output and r = y - F_1 what plain reuse is off by:
/// <code>
/// Gram[i,j] = D_i+2 . D_j+2        Cross[i] = D_i+2 . r        Left = r . r        Norm = y . y
/// </code>
/// Numerics binary64. The order of the sums depends on shapes alone: the same bits for any batch and on any machine.
/// </remarks>
internal sealed class ForecastMoments
{
    private const int BlockLength = 512;

    private readonly double[] _sums, _ofImage;

    /// <param name="sources">Evaluations, the latest first; at least one.</param>
    public ForecastMoments(int[] sources)
    {
        Sources = sources;
        _sums = new double[Place(sources.Length, 0) + 1];
        _ofImage = new double[_sums.Length];
    }

    /// <summary>Evaluations whose outputs it may be forecast from, the latest first.</summary>
    public int[] Sources { get; }

    /// <summary>r . r.</summary>
    public double Left => _sums[Place(Sources.Length - 1, Sources.Length - 1)];

    /// <summary>y . y.</summary>
    public double Norm => _sums[^1];

    /// <summary>D_i+2 . D_j+2, i and j from 0 to K - 2.</summary>
    public double Gram(int i, int j) => _sums[Place(Math.Max(i, j), Math.Min(i, j))];

    /// <summary>D_i+2 . r, i from 0 to K - 2.</summary>
    public double Cross(int i) => _sums[Place(Sources.Length - 1, i)];

    /// <summary>Adds the images of a batch.</summary>
    /// <param name="sources">By source, [B,T,C] flattened.</param>
    /// <param name="output">y, [B,T,C] flattened.</param>
    /// <param name="images">N: rows i, N + i and so on of the B are of image i.</param>
    /// <param name="rows">B.</param>
    public void Add(ReadOnlySpan<float[]> sources, ReadOnlySpan<float> output, int images, int rows)
    {
        int length = output.Length / rows;
        Span<double> scratch = stackalloc double[sources.Length * BlockLength];
        for (int image = 0; image < images; image++)
        {
            Array.Clear(_ofImage);
            for (int row = image; row < rows; row += images)
            {
                for (int start = row * length; start < (row + 1) * length; start += BlockLength)
                {
                    AddBlock(sources, output, start, Math.Min(BlockLength, ((row + 1) * length) - start), scratch);
                }
            }

            for (int i = 0; i < _sums.Length; i++)
            {
                _sums[i] += _ofImage[i];
            }
        }
    }

    // The lower triangle, row by row.
    private static int Place(int row, int column) => (row * (row + 1) / 2) + column;

    private void AddBlock(ReadOnlySpan<float[]> sources, ReadOnlySpan<float> output, int start, int length, Span<double> scratch)
    {
        ReadOnlySpan<float> latest = sources[0].AsSpan(start, length), value = output.Slice(start, length);
        for (int row = 0; row < sources.Length; row++)
        {
            bool isLast = row == sources.Length - 1;
            Span<double> difference = scratch.Slice(row * BlockLength, length);
            Subtract(isLast ? value : sources[row + 1].AsSpan(start, length), latest, difference);
            for (int column = 0; column <= row; column++)
            {
                _ofImage[Place(row, column)] += Dot(difference, scratch.Slice(column * BlockLength, length));
            }
        }

        Span<double> wide = scratch[..length];
        Subtract(value, default, wide);
        _ofImage[^1] += Dot(wide, wide);
    }

    /// <summary>a - b, exact but for numbers of very different size; nothing for b is 0.</summary>
    private static void Subtract(ReadOnlySpan<float> a, ReadOnlySpan<float> b, Span<double> difference)
    {
        for (int i = 0; i < difference.Length; i++)
        {
            difference[i] = (double)a[i] - (b.IsEmpty ? 0 : b[i]);
        }
    }

    // Two vectors of sums, so that an addition need not wait for the one before; no fused product, which not every machine has.
    private static double Dot(ReadOnlySpan<double> a, ReadOnlySpan<double> b)
    {
        ref double x = ref MemoryMarshal.GetReference(a);
        ref double y = ref MemoryMarshal.GetReference(b);
        Vector256<double> even = default, odd = default;
        int i = 0;
        for (; i <= a.Length - 8; i += 8)
        {
            even += Vector256.LoadUnsafe(ref x, (nuint)i) * Vector256.LoadUnsafe(ref y, (nuint)i);
            odd += Vector256.LoadUnsafe(ref x, (nuint)i + 4) * Vector256.LoadUnsafe(ref y, (nuint)i + 4);
        }

        Vector256<double> all = even + odd;
        double sum = all[0] + all[1] + all[2] + all[3];
        for (; i < a.Length; i++)
        {
            sum += a[i] * b[i];
        }

        return sum;
    }
}
