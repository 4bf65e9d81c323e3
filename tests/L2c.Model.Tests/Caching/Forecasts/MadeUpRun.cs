using L2c.Model.Calibration;
using L2c.Model.Runs;
using L2c.Weights.Layouts;

namespace L2c.Model.Tests.Caching.Forecasts;

/// <summary>A run whose branch outputs somebody made up, shown as an uncached one is.</summary>
/// <param name="Evaluations">How many.</param>
/// <param name="Images">N; guided, so twice as many rows.</param>
/// <param name="Value">Of evaluation, branch, image, half of guidance, and place among the tokens and channels.</param>
internal sealed record MadeUpRun(int Evaluations, int Images, Func<int, int, int, int, int, float> Value)
{
    /// <summary>Three blocks; 648 values a row are no multiple of any vector or block.</summary>
    public static readonly DitArchitecture Network = RandomDit.Small with { HiddenSize = 72 };

    public const Guidance Guided = Guidance.Published;

    private static int RowLength => Network.Tokens * Network.HiddenSize;

    /// <summary>Shows all evaluations, in batches.</summary>
    /// <param name="reader">Who looks.</param>
    /// <param name="batches">Images of each; none for one batch.</param>
    public void Show(ITrajectoryReader reader, params int[] batches) => Show(reader, e => e, batches);

    /// <summary>The same, an evaluation's outputs being called those of another.</summary>
    public void Show(ITrajectoryReader reader, Func<int, int> called, params int[] batches)
    {
        int first = 0;
        foreach (int batch in batches.DefaultIfEmpty(Images))
        {
            for (int e = 0; e < Evaluations; e++)
            {
                for (int b = 0; b < Network.Branches; b++)
                {
                    reader.Branch(e, b, Output(called(e), b, first, batch));
                }
            }

            first += batch;
        }
    }

    /// <summary>All values of a branch in an evaluation.</summary>
    public double[] Output(int evaluation, int branch) => Array.ConvertAll(Output(evaluation, branch, 0, Images), value => (double)value);

    private float[] Output(int evaluation, int branch, int first, int images)
    {
        float[] values = new float[2 * images * RowLength];
        for (int i = 0; i < values.Length; i++)
        {
            int row = i / RowLength;
            values[i] = Value(evaluation, branch, first + (row % images), row / images, i % RowLength);
        }

        return values;
    }
}
