using L2c.Model.Calibration;
using L2c.Weights.Layouts;

namespace L2c.Model.Tests.Calibration;

/// <summary>Made-up runs that meters read, and their numbers in double precision.</summary>
internal static class Figures
{
    public const int Steps = 9, Images = 3;

    public static readonly DitArchitecture Architecture = RandomDit.Small with { Depth = 2 };

    /// <summary>A batch of a made-up run: values by stage and evaluation that change by less and less.</summary>
    /// <param name="seed">Of the values.</param>
    /// <param name="images">N.</param>
    public sealed class Batch(int seed, int images)
    {
        public float[][] Inputs { get; } = Drift(seed, images * 4 * 36);

        public float[][] Outputs { get; } = Drift(seed + 1, 2 * images * 8 * 36);

        public float[][] Before { get; } = Drift(seed + 2, 2 * images * Architecture.Tokens * Architecture.HiddenSize);

        public float[][] After { get; } = Drift(seed + 3, 2 * images * Architecture.Tokens * Architecture.HiddenSize);

        public float[][] Normed { get; } = Drift(seed + 4, 2 * images * Architecture.Tokens * Architecture.HiddenSize);

        public float[][][] Branches { get; } =
            [.. Enumerable.Range(0, 4).Select(b => Drift(seed + 5 + b, 2 * images * Architecture.Tokens * Architecture.HiddenSize))];

        /// <summary>The predicted noise of the images.</summary>
        public IEnumerable<float> Noise(int evaluation) =>
            Enumerable.Range(0, images).SelectMany(i => Outputs[evaluation].Skip(i * 8 * 36).Take(4 * 36));

        /// <summary>Shows what the reader says that it reads, so that a method which says too little measures something else.</summary>
        public void Show(ITrajectoryReader reader)
        {
            for (int e = 0; e < Steps; e++)
            {
                Show(TrajectoryStages.Input, () => reader.Input(e, Inputs[e]));
                Show(TrajectoryStages.StreamBefore, () => reader.StreamBefore(e, Before[e]));
                Show(TrajectoryStages.FirstNormed, () => reader.FirstNormed(e, Normed[e]));
                for (int b = 0; b < Branches.Length; b++)
                {
                    Show(TrajectoryStages.Branches, () => reader.Branch(e, b, Branches[b][e]));
                }

                Show(TrajectoryStages.StreamAfter, () => reader.StreamAfter(e, After[e]));
                Show(TrajectoryStages.Output, () => reader.Output(e, Outputs[e]));
            }

            void Show(TrajectoryStages stage, Action show)
            {
                if (reader.Stages.HasFlag(stage))
                {
                    show();
                }
            }
        }
    }

    /// <summary>What a method measures of two batches.</summary>
    public static CalibrationTable Measure(CalibrationMethod method, CalibrationSettings settings, params Batch[] batches)
    {
        ICalibrationMeter meter = method.Measure(Architecture, Steps, settings);
        Array.ForEach(batches, batch => batch.Show(meter));
        return new CalibrationTable(method.Name, "small", "ddim", Steps, Architecture.Branches, Images, meter.Figures);
    }

    public static double Change(IEnumerable<float> x, IEnumerable<float> y) => x.Zip(y, (one, other) => Math.Abs((double)one - other)).Sum();

    public static double Magnitude(IEnumerable<float> x) => x.Sum(value => Math.Abs((double)value));

    public static void Near(IEnumerable<double> expected, IEnumerable<double> actual)
    {
        Assert.Equal(expected.Count(), actual.Count());
        Assert.All(expected.Zip(actual), pair => Assert.InRange(Math.Abs(pair.First - pair.Second) / Math.Abs(pair.First), 0, 1e-6));
    }

    private static float[][] Drift(int seed, int length)
    {
        var random = new Random(seed);
        float[][] values = new float[Steps][];
        for (int e = 0; e < Steps; e++)
        {
            float[] before = e == 0 ? new float[length] : values[e - 1];
            values[e] = [.. before.Select(value => value + ((float)(random.NextDouble() - 0.5) / (1 + e)))];
        }

        return values;
    }
}
