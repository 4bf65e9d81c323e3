using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace L2c.Kernels;

/// <summary>Copies that exchange rows and columns, in squares of 4 x 4 where the processor can shuffle them in registers.</summary>
internal static unsafe class Transposition
{
    private const int Square = 4;

    /// <summary>target[j, i] = factor source[i, j].</summary>
    /// <param name="source">[rows, columns].</param>
    /// <param name="sourceRow">Elements from one row of it to the next.</param>
    /// <param name="rows">Rows of the source.</param>
    /// <param name="columns">Columns of the source.</param>
    /// <param name="factor">Of every element; 1 changes no bit.</param>
    /// <param name="target">[columns, rows].</param>
    /// <param name="targetRow">Elements from one row of it to the next.</param>
    /// <remarks>Columns go a cache line at a time, so that a line is read once even where row strides of 4 KiB let few lines stay.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Copy(float* source, nint sourceRow, int rows, int columns, float factor, float* target, nint targetRow)
    {
        int squareRows = Sse.IsSupported ? rows / Square * Square : 0;
        int squareColumns = Sse.IsSupported ? columns / Square * Square : 0;
        Vector128<float> factors = Vector128.Create(factor);
        for (int first = 0; first < squareColumns; first += Prefetch.LineFloats)
        {
            int end = Math.Min(first + Prefetch.LineFloats, squareColumns);
            for (int i = 0; i < squareRows; i += Square)
            {
                float* from = source + i * sourceRow, to = target + i;
                for (int j = first; j < end; j += Square)
                {
                    CopySquare(from + j, sourceRow, factors, to + j * targetRow, targetRow);
                }
            }
        }

        for (int i = 0; i < rows; i++)
        {
            for (int j = i < squareRows ? squareColumns : 0; j < columns; j++)
            {
                target[j * targetRow + i] = factor * source[i * sourceRow + j];
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void CopySquare(float* source, nint sourceRow, Vector128<float> factors, float* target, nint targetRow)
    {
        Vector128<float> a = Vector128.Load(source) * factors, b = Vector128.Load(source + sourceRow) * factors;
        Vector128<float> c = Vector128.Load(source + 2 * sourceRow) * factors, d = Vector128.Load(source + 3 * sourceRow) * factors;
        Vector128<float> lowAb = Sse.UnpackLow(a, b), highAb = Sse.UnpackHigh(a, b), lowCd = Sse.UnpackLow(c, d), highCd = Sse.UnpackHigh(c, d);
        Sse.MoveLowToHigh(lowAb, lowCd).Store(target);
        Sse.MoveHighToLow(lowCd, lowAb).Store(target + targetRow);
        Sse.MoveLowToHigh(highAb, highCd).Store(target + 2 * targetRow);
        Sse.MoveHighToLow(highCd, highAb).Store(target + 3 * targetRow);
    }
}
