using L2c.Model.Networks;
using L2c.Model.Training;
using L2c.Testing;
using L2c.Weights.Layouts;

namespace L2c.Model.Tests.Training;

/// <summary>A DiT small enough for differences in double precision, and data for it.</summary>
internal static class TrainingFixture
{
    public static readonly DitArchitecture Tiny = new()
    {
        Name = "tiny",
        InputSize = 4,
        PatchSize = 2,
        InChannels = 3,
        HiddenSize = 12,
        Depth = 2,
        Heads = 2,
        NumClasses = 3,
        HasNullClass = true,
        MlpRatio = 2,
    };

    /// <summary>Without and with recomputation.</summary>
    public static TheoryData<bool> Recompute => [false, true];

    public static TrainingPlanOptions Options(bool recompute) => new() { Recompute = recompute };

    public static float[] Normal(int seed, long count) => RandomData.Normal(seed, checked((int)count));

    /// <summary>The random weights in double, to be perturbed.</summary>
    public static Dictionary<string, double[]> Parameters(TransformerArchitecture architecture)
    {
        WeightReader read = RandomDit.Reader(architecture);
        return NetworkFamilies.Of(architecture).Tensors(architecture).ToDictionary(t => t.Name, t =>
        {
            float[] values = new float[t.Shape.Aggregate(1L, (product, extent) => product * extent)];
            read(t.Name, values);
            return Array.ConvertAll(values, v => (double)v);
        });
    }

    /// <summary>df/dx by central differences, x[at] put back afterwards.</summary>
    public static double Difference(double[] x, int at, Func<double> f)
    {
        const double step = 1e-4;
        double value = x[at];
        x[at] = value + step;
        double above = f();
        x[at] = value - step;
        double below = f();
        x[at] = value;
        return (above - below) / (2 * step);
    }
}
