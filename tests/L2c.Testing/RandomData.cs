namespace L2c.Testing;

/// <summary>Random inputs that are the same in every run: a seed names its values.</summary>
public static class RandomData
{
    /// <summary>Independent normal values (Box and Muller).</summary>
    /// <param name="seed">Names the values.</param>
    /// <param name="count">How many.</param>
    /// <param name="deviation">Standard deviation.</param>
    /// <param name="mean">Mean.</param>
    public static float[] Normal(int seed, int count, double deviation = 1, double mean = 0)
    {
        var random = new Random(seed);
        var values = new float[count];
        for (int i = 0; i < count; i++)
        {
            double radius = Math.Sqrt(-2 * Math.Log(1 - random.NextDouble()));
            values[i] = (float)(mean + deviation * radius * Math.Cos(2 * Math.PI * random.NextDouble()));
        }

        return values;
    }

    /// <summary>Integers in [0, <paramref name="end"/>).</summary>
    public static int[] Integers(int seed, int count, int end)
    {
        var random = new Random(seed);
        var values = new int[count];
        for (int i = 0; i < count; i++)
        {
            values[i] = random.Next(end);
        }

        return values;
    }
}
