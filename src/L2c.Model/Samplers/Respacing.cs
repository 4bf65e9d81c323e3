using System.Globalization;

namespace L2c.Model.Samplers;

/// <summary>Which of the training timesteps a run visits, as the published space_timesteps chooses them.</summary>
public static class Respacing
{
    private const string DdimPrefix = "ddim";

    /// <summary>N timesteps from the first to the last with a fractional stride.</summary>
    /// <inheritdoc cref="Select(string, MidpointRounding)"/>
    public static IReadOnlyList<int> Select(int steps, MidpointRounding rounding = MidpointRounding.ToEven) =>
        SelectSections([steps], rounding);

    /// <summary>Parses a respacing and returns its timesteps in ascending order.</summary>
    /// <param name="steps">
    /// "N": N timesteps from the first to the last, fractional stride (999 / (N - 1)), each rounded; "1" is timestep 0.
    /// "ddimN": every i-th timestep from 0 with the smallest integer stride i that gives exactly N.
    /// "10,15,20": equal consecutive sections of the process (the first ones longer by one where 1000 does not divide), each as "N".
    /// </param>
    /// <param name="rounding">How a timestep half-way between two is rounded. The published rule is to even; another differs, for one, at 25.</param>
    /// <exception cref="ArgumentException">The text is none of these, or no such selection exists.</exception>
    public static IReadOnlyList<int> Select(string steps, MidpointRounding rounding = MidpointRounding.ToEven) =>
        steps.StartsWith(DdimPrefix, StringComparison.OrdinalIgnoreCase)
            ? SelectIntegerStride(ParseCount(steps[DdimPrefix.Length..], steps))
            : SelectSections([.. steps.Split(',').Select(count => ParseCount(count, steps))], rounding);

    private static List<int> SelectSections(int[] counts, MidpointRounding rounding)
    {
        List<int> timesteps = [];
        int start = 0;
        for (int section = 0; section < counts.Length; section++)
        {
            int count = counts[section];
            int size = (NoiseSchedule.TrainingTimesteps / counts.Length)
                + (section < NoiseSchedule.TrainingTimesteps % counts.Length ? 1 : 0);
            if (count < 1 || count > size)
            {
                throw new ArgumentException($"{count} steps cannot be taken from {size} timesteps; ask for 1 to {size}");
            }

            double stride = count == 1 ? 1 : (size - 1) / (double)(count - 1);
            double position = 0; // accumulated, as published: a product would round differently
            for (int i = 0; i < count; i++)
            {
                timesteps.Add(start + (int)Math.Round(position, rounding));
                position += stride;
            }

            start += size;
        }

        return timesteps;
    }

    private static List<int> SelectIntegerStride(int count)
    {
        for (int stride = 1; stride < NoiseSchedule.TrainingTimesteps; stride++)
        {
            int taken = (NoiseSchedule.TrainingTimesteps + stride - 1) / stride;
            if (taken == count)
            {
                return [.. Enumerable.Range(0, count).Select(i => i * stride)];
            }
        }

        throw new ArgumentException(
            $"no integer stride gives exactly {count} of {NoiseSchedule.TrainingTimesteps} timesteps; use \"{count}\" (fractional stride)");
    }

    private static int ParseCount(string text, string steps) =>
        int.TryParse(text.Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out int count)
            ? count
            : throw new ArgumentException($"\"{steps}\" is not a number of steps; write \"20\", \"ddim20\" or \"10,15,20\"");
}
