using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace L2c.Model.Caching.Forecasts;

/// <summary>Inner products of what a branch computes in one evaluation and of its earlier outputs that it may be forecast from.</summary>
/// <remarks>
/// With F_1 the latest of K sources, y the output and r = y - F_1 what plain reuse is off by:
/// <code>
/// Gram[i,j] = F_i . F_j        Cross[i] = F_i . r        Left = r . r        Norm = y . y
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
        _sums = new double[((sources.Length + 1) * (sources.Length + 2) / 2) + 1];
        _ofImage = new double[_sums.Length];
    }

    /// <summary>Evaluations whose outputs it may be forecast from, the latest first.</summary>
    public int[] Sources { get; }

    /// <summary>r . r.</summary>
    public double Left => _sums[Place(Sources.Length, Sources.Length)];

    /// <summary>y . y.</summary>
    public double Norm => _sums[^1];

    /// <summary>F_i . F_j.</summary>
    public double Gram(int i, int j) => _sums[Place(Math.Max(i, j), Math.Min(i, j))];

    /// <summary>F_i . r.</summary>
    public double Cross(int i) => _sums[Place(Sources.Length, i)];

    /// <summary>Adds the images of a batch.</summary>
    /// <param name="sources">By source, [B,T,C] flattened.</param>
    /// <param name="output">y, [B,T,C] flattened.</param>
    /// <param name="images">N: rows i, N + i and so on of the B are of image i.</param>
    /// <param name="rows">B.</param>
    public void Add(ReadOnlySpan<float[]> sources, ReadOnlySpan<float> output, int images, int rows)
    {
        int length = output.Length / rows;
        Span<double> scratch = stackalloc double[(sources.Length + 1) * BlockLength];
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
        Span<double> left = scratch.Slice(sources.Length * BlockLength, length);
        Widen(output.Slice(start, length), left);
        _ofImage[^1] += Dot(left, left);
        for (int i = 0; i < sources.Length; i++)
        {
            Widen(sources[i].AsSpan(start, length), scratch.Slice(i * BlockLength, length));
        }

        for (int i = 0; i < length; i++)
        {
            left[i] -= scratch[i];
        }

        for (int row = 0; row <= sources.Length; row++)
        {
            for (int column = 0; column <= row; column++)
            {
                _ofImage[Place(row, column)] += Dot(scratch.Slice(row * BlockLength, length), scratch.Slice(column * BlockLength, length));
            }
        }
    }

    private static void Widen(ReadOnlySpan<float> values, Span<double> wide)
    {
        for (int i = 0; i < values.Length; i++)
        {
            wide[i] = values[i];
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
