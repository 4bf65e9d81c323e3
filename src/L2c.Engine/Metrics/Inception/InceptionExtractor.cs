using L2c.Kernels;
using L2c.Model.Metrics.Inception;
using L2c.Model.Networks;
using L2c.Weights.Layouts;

namespace L2c;

/// <summary>Features of many images by the FID Inception network: read, made bytes as a picture has them, resized, computed, in batches.</summary>
/// <remarks>While the device computes a batch, the host prepares the next one. An image has the same features in any batch on the CPU.</remarks>
internal sealed class InceptionExtractor : IDisposable
{
    private readonly InceptionPass _pass;
    private readonly InceptionRecipe _recipe;
    private readonly TaskContext _context;
    private readonly ParallelOptions _parallel;
    private readonly ImageReader _reader;
    private readonly float[] _prepared, _rows;

    /// <summary>Plans.</summary>
    /// <param name="model">The network.</param>
    /// <param name="recipe">How pixels become its input.</param>
    /// <param name="batch">Images at once.</param>
    /// <param name="features">What is wanted.</param>
    /// <param name="threads">Threads that read and resize; 0 for one per core.</param>
    /// <param name="context">For progress and cancellation.</param>
    public InceptionExtractor(InceptionModel model, InceptionRecipe recipe, int batch, InceptionFeatures features, int threads, TaskContext context)
    {
        _pass = new InceptionPass(model.Network, batch, features);
        (_recipe, _context, _reader) = (recipe, context, new ImageReader(threads, context));
        _parallel = new ParallelOptions { MaxDegreeOfParallelism = threads == 0 ? -1 : threads };
        (_prepared, _rows) = (new float[(long)batch * InceptionPass.ImageLength], new float[batch * features.Length()]);
    }

    /// <summary>What a row of features holds.</summary>
    public InceptionFeatures Features => _pass.Features;

    /// <summary>Images at once.</summary>
    public int Batch => _pass.Batch;

    /// <summary>Name of the features of a recipe, for reports.</summary>
    public static string FeatureName(InceptionRecipe recipe) => $"inception-2015-12-05/{(recipe == InceptionRecipe.Adm ? "adm" : "ptfid")}";

    /// <summary>What an extractor takes beside the weights.</summary>
    /// <param name="device">Where it would compute.</param>
    /// <param name="batch">Images at once.</param>
    /// <param name="features">What is wanted.</param>
    /// <param name="elements">C H W of the images.</param>
    public static MemoryNeed Need(Device device, int batch, InceptionFeatures features, int elements)
    {
        long prepared = sizeof(float) * (long)batch * InceptionPass.ImageLength, rows = 2L * sizeof(float) * batch * features.Length();
        long bytes = (long)batch * InceptionStructure.Colours * elements;
        return new MemoryNeed(
            InceptionPass.Bytes(device, batch, features), prepared + rows + bytes + ImageReader.Bytes(elements, batch, batch),
            WeightMemory.Staging(device, prepared));
    }

    /// <summary>Computes.</summary>
    /// <param name="images">The set.</param>
    /// <param name="first">First image.</param>
    /// <param name="count">Images.</param>
    /// <param name="use">Receives rows of features in the order of the images, which are overwritten after it returns.</param>
    /// <exception cref="Weights.MalformedFileException">An image cannot be read.</exception>
    /// <exception cref="OperationCanceledException">The task was cancelled.</exception>
    public void Extract(IImageSet images, long first, int count, Action<ReadOnlySpan<float>> use)
    {
        InceptionInput input = new(_recipe, images.Height, images.Width);
        byte[] bytes = new byte[Math.Min(count, _pass.Batch) * images.Height * images.Width * InceptionStructure.Colours];
        int pending = 0;
        _reader.Read(images, first, count, "features", (_, pixels) =>
        {
            int number = Prepare(images, input, pixels, bytes);
            Take(pending, use);
            _pass.Start(_prepared.AsSpan(0, number * InceptionPass.ImageLength));
            pending = number;
        }, _pass.Batch);
        Take(pending, use);
    }

    /// <inheritdoc/>
    public void Dispose() => _pass.Dispose();

    private int Prepare(IImageSet images, InceptionInput input, ReadOnlyMemory<float> pixels, byte[] bytes)
    {
        int area = images.Height * images.Width, elements = images.Channels * area, length = InceptionStructure.Colours * area;
        int number = pixels.Length / elements;
        Parallel.For(0, number, _parallel, image =>
        {
            ReadOnlySpan<float> planes = pixels.Span.Slice(image * elements, elements);
            Span<byte> packed = bytes.AsSpan(image * length, length);
            Pack(planes, images.Channels, packed);
            input.Prepare(packed, _prepared.AsSpan(image * InceptionPass.ImageLength, InceptionPass.ImageLength));
        });
        return number;
    }

    /// <summary>[C,H,W] to [H,W,3] as the pictures of a set are: a single channel counts as three equal ones.</summary>
    private static void Pack(ReadOnlySpan<float> planes, int channels, Span<byte> packed)
    {
        int area = planes.Length / channels;
        for (int colour = 0; colour < InceptionStructure.Colours; colour++)
        {
            ReadOnlySpan<float> plane = planes.Slice(channels == 1 ? 0 : colour * area, area);
            for (int i = 0; i < area; i++)
            {
                packed[(InceptionStructure.Colours * i) + colour] = PixelRule.Bytes.Apply(plane[i]);
            }
        }
    }

    private void Take(int number, Action<ReadOnlySpan<float>> use)
    {
        if (number > 0)
        {
            Span<float> rows = _rows.AsSpan(0, number * Features.Length());
            _pass.Read(rows);
            use(rows);
        }

        _context.Cancel.ThrowIfCancellationRequested();
    }
}
