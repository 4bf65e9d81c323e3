namespace L2c.Model.Samplers;

/// <summary>How the times between the steps of an ODE solver are spaced.</summary>
public enum TimeSpacing
{
    /// <summary>At equal distances of t: the published sampler's.</summary>
    TimeUniform,
    /// <summary>At equal distances of λ.</summary>
    LogSnr,
    /// <summary>At equal distances of √t.</summary>
    TimeQuadratic,
}

/// <summary>The times between the steps of an ODE solver, from 1 down to 1/1000.</summary>
public static class TimeGrid
{
    private const float First = 1, Last = 1f / NoiseSchedule.TrainingTimesteps;

    // torch.linspace works on this many values at a time, as two vectors; what is left over it computes one by one.
    private const int Block = 16, Vector = 8;

    /// <summary>The times.</summary>
    /// <param name="spacing">How they are spaced.</param>
    /// <param name="process">Where λ comes from.</param>
    /// <param name="steps">At least 1; one time more is returned, descending.</param>
    /// <remarks>
    /// Source: get_time_steps of the published code, "time_uniform" and "logSNR" in its rounding. Its "time_quadratic" looks squares up in a table of ten
    /// million times, which moves them by up to 1e-7; here they are squared.
    /// </remarks>
    public static float[] Times(TimeSpacing spacing, ContinuousSchedule process, int steps) => spacing switch
    {
        TimeSpacing.TimeUniform => Evenly(First, Last, steps + 1),
        TimeSpacing.LogSnr => Array.ConvertAll(Evenly(process.Lambda(First), process.Lambda(Last), steps + 1), process.Time),
        TimeSpacing.TimeQuadratic => Array.ConvertAll(Evenly(MathF.Sqrt(First), MathF.Sqrt(Last), steps + 1), root => root * root),
        _ => throw new ArgumentOutOfRangeException(nameof(spacing)),
    };

    /// <summary>torch.linspace in fp32, bit for bit, as its AVX2 form rounds.</summary>
    /// <param name="first">The first value.</param>
    /// <param name="last">The last one.</param>
    /// <param name="count">At least 2.</param>
    /// <remarks>
    /// A last bit decides what the network is told: 0.5005 times 1000 rounds to 501 with the published bits and to 500 in double precision.
    /// Values count from the nearer end by a fused multiply-add; within a vector, from its first value by a rounded product.
    /// </remarks>
    internal static float[] Evenly(float first, float last, int count)
    {
        float step = (last - first) / (count - 1);
        int inVectors = count / Block * Block;
        float[] values = new float[count];
        for (int i = 0; i < count; i++)
        {
            int lane = i < inVectors ? i % Vector : 0, start = i - lane;
            float value = start < count / 2
                ? MathF.FusedMultiplyAdd(step, start, first)
                : MathF.FusedMultiplyAdd(-step, count - 1 - start, last);
            values[i] = value + (lane * step);
        }

        return values;
    }
}
