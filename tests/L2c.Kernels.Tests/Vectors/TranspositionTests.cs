using L2c.Testing;

namespace L2c.Kernels.Tests;

public sealed unsafe class TranspositionTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(-0.3f)]
    public void Rows_and_columns_are_exchanged_and_nothing_else_is_written(float factor)
    {
        foreach (int rows in (int[])[1, 3, 4, 5, 15, 16, 17, 20, 35])
        {
            foreach (int columns in (int[])[1, 2, 4, 7, 16, 19, 37])
            {
                const int SourceGap = 3, TargetGap = 2;
                int sourceRow = columns + SourceGap, targetRow = rows + TargetGap;
                float[] source = RandomData.Normal(seed: rows * 100 + columns, rows * sourceRow), expected = new float[columns * targetRow];
                Array.Fill(expected, float.NaN);
                float[] actual = [.. expected];
                for (int i = 0; i < rows; i++)
                {
                    for (int j = 0; j < columns; j++)
                    {
                        expected[j * targetRow + i] = factor * source[i * sourceRow + j];
                    }
                }

                fixed (float* from = source, to = actual)
                {
                    Transposition.Copy(from, sourceRow, rows, columns, factor, to, targetRow);
                }

                Assert.Equal(expected, actual);
            }
        }
    }
}
