using L2c.Kernels;
using L2c.Testing.Golden;
using L2c.Weights.Layouts;

namespace L2c.Model.Tests.Golden;

/// <summary>What every step wrote of some images of the batch, channels first as it is recorded.</summary>
/// <param name="rows">Images of the batch to keep.</param>
internal sealed class InceptionTaps(IReadOnlyList<int> rows)
{
    private readonly Dictionary<string, float[][]> _steps = [];

    /// <summary>Keeps what a step wrote.</summary>
    /// <param name="step">The step.</param>
    /// <param name="value">[B,H,W,C] of it.</param>
    /// <param name="batch">B.</param>
    public void Add(InceptionStep step, Tensor value, int batch)
    {
        float[] all = new float[value.Shape.Count];
        value.Device.Download(value, all);
        int length = all.Length / batch, positions = length / step.Outputs;
        _steps[step.Name] = [.. rows.Select(row =>
        {
            float[] image = new float[length];
            for (int i = 0; i < length; i++)
            {
                image[i] = all[(row * length) + (i % positions * step.Outputs) + (i / positions)];
            }

            return image;
        })];
    }

    /// <summary>A convolution's output, [C,H,W], of the first image kept.</summary>
    public float[] Convolution(string name) => _steps[name][0];

    /// <summary>Compares the stages of all images kept.</summary>
    public void CompareStages(GoldenResult result, GoldenTensors recorded, string prefix)
    {
        string[] stages = Names(result.Golden, "stages");
        float[][] images =
        [
            .. from row in Enumerable.Range(0, rows.Count)
               from stage in stages
               select InceptionStructure.Steps.Where(step => step.Output == stage).OrderBy(step => step.FirstChannel)
                   .SelectMany(step => _steps[step.Name][row]).ToArray(),
        ];
        Compare(result, recorded, prefix + "stage", images);
    }

    /// <summary>Compares every convolution of the first image kept.</summary>
    public void CompareConvolutions(GoldenResult result, GoldenTensors recorded, string prefix) =>
        Compare(result, recorded, prefix + "conv", [.. Names(result.Golden, "conv_names").Select(Convolution)]);

    private static string[] Names(GoldenCase golden, string list) => [.. golden.Config.GetProperty(list).EnumerateArray().Select(n => n.GetString()!)];

    private static void Compare(GoldenResult result, GoldenTensors recorded, string name, float[][] images)
    {
        int slice = (int)recorded.Shape($"{name}_slices")[^1];
        result.Compare(
            $"{name}_slices", [.. images.SelectMany(image => Enumerable.Range(0, slice).Select(j => image[j * (image.Length / slice)]))],
            recorded.Doubles($"{name}_slices"));
        result.Compare($"{name}_stats", images.SelectMany(Statistics).ToArray(), recorded.Doubles($"{name}_stats"));
    }

    private static double[] Statistics(float[] image) =>
    [
        image.Average(value => (double)value), Math.Sqrt(image.Average(value => (double)value * value)), image.Min(), image.Max(),
        image.Count(value => value == 0) / (double)image.Length,
    ];
}
