namespace L2c.Model.Training;

/// <summary>The data of one draw: images, labels and noise, filled by several threads. What is filled does not depend on how many.</summary>
/// <param name="data">Where the images come from.</param>
/// <param name="draws">Everything random.</param>
/// <param name="batch">Images.</param>
/// <param name="nullLabel">What dropped labels become; null where the network has no such label, and none is dropped.</param>
/// <param name="threads">Threads that fill; 0 for one per core.</param>
public sealed class TrainingBatch(ITrainingData data, TrainingDraws draws, int batch, int? nullLabel, int threads)
{
    private readonly int _perImage = data.Channels * data.Size * data.Size;
    private readonly ParallelOptions _parallel = new() { MaxDegreeOfParallelism = threads == 0 ? Environment.ProcessorCount : threads };
    private readonly float[] _images = new float[batch * data.Channels * data.Size * data.Size];
    private readonly float[] _noise = new float[batch * data.Channels * data.Size * data.Size];
    private readonly int[] _labels = new int[batch];

    /// <summary>[batch, C, H, W].</summary>
    public ReadOnlySpan<float> Images => _images;

    /// <summary>[batch, C, H, W], standard normal.</summary>
    public ReadOnlySpan<float> Noise => _noise;

    /// <summary>One per image; those dropped are the null label.</summary>
    public ReadOnlySpan<int> Labels => _labels;

    /// <summary>Reads the images of a draw and draws the rest.</summary>
    /// <exception cref="IOException">The data cannot be read.</exception>
    public void Fill(int step, int draw)
    {
        long first = draws.Position(step, draw);
        try
        {
            Parallel.For(0, batch, _parallel, image =>
            {
                _labels[image] = data.Read(first + image, _images.AsSpan(image * _perImage, _perImage));
                draws.Noise(step, draw, image, _noise.AsSpan(image * _perImage, _perImage));
            });
        }
        catch (AggregateException e)
        {
            // One image's failure says it all.
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Capture(e.InnerExceptions[0]).Throw();
        }

        if (nullLabel is { } none)
        {
            draws.DropLabels(step, draw, none, _labels);
        }
    }
}
