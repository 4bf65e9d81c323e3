using System.Numerics;

namespace L2c.Testing;

public static partial class Reference
{
    /// <summary>c[r] = time[r / (R/E)] + table[labels[r mod B]]</summary>
    /// <param name="time">[E,C].</param>
    /// <param name="table">[rows,C].</param>
    /// <param name="labels">[B].</param>
    /// <param name="rows">R.</param>
    /// <param name="channels">C.</param>
    public static T[] Conditioning<T>(float[] time, float[] table, int[] labels, int rows, int channels)
        where T : IFloatingPointIeee754<T>
    {
        int repeats = rows / (time.Length / channels);
        var c = new T[rows * channels];
        for (int i = 0; i < c.Length; i++)
        {
            int row = i / channels, channel = i % channels;
            c[i] = Of<T>(time[row / repeats * channels + channel]) + Of<T>(table[labels[row % labels.Length] * channels + channel]);
        }

        return c;
    }

    /// <summary>dTime[r] = dSilu[r] silu'(c[r]); dTable[l] = sum of dTime[r] over the rows r with labels[r] = l</summary>
    /// <param name="dSilu">[B,C].</param>
    /// <param name="c">[B,C].</param>
    /// <param name="labels">[B].</param>
    /// <param name="tableRows">Rows of the label table.</param>
    public static (T[] DTime, T[] DTable) ConditioningBackward<T>(float[] dSilu, float[] c, int[] labels, int tableRows)
        where T : IFloatingPointIeee754<T>
    {
        int channels = c.Length / labels.Length;
        var dTime = new T[c.Length];
        var dTable = new T[tableRows * channels];
        for (int i = 0; i < c.Length; i++)
        {
            dTime[i] = Of<T>(dSilu[i]) * SiluGradient(Of<T>(c[i]));
            dTable[labels[i / channels] * channels + i % channels] += dTime[i];
        }

        return (dTime, dTable);
    }
}
