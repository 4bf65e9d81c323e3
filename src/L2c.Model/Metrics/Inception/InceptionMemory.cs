using L2c.Kernels;
using L2c.Model.Training;
using L2c.Weights.Layouts;

namespace L2c.Model.Metrics.Inception;

/// <summary>Where the images between the steps lie: few pieces of memory, which take an image when the last reader of another is done.</summary>
/// <remarks>
/// Before the first block the images are the largest, and each is read once: a batch goes through these steps, the stem, a group at a time, as many
/// as the cache holds, and what lies between two of them has room for a group alone.
/// </remarks>
internal sealed class InceptionMemory
{
    private readonly Dictionary<string, Place> _places = [];
    private readonly List<int> _pieces = []; // elements

    /// <summary>Decides.</summary>
    /// <param name="steps">In the order in which they run.</param>
    /// <param name="kept">Images that are read after the last step.</param>
    /// <param name="batch">B.</param>
    /// <param name="group">Images that go through the stem at once.</param>
    public InceptionMemory(IReadOnlyList<InceptionStep> steps, IReadOnlyCollection<string> kept, int batch, int group)
    {
        // What all groups read or write shares memory with nothing that one of them writes.
        int stem = StemLength(steps), last = group < batch ? stem - 1 : -1;
        List<int> free = [];
        Add(InceptionStructure.Image, batch, InceptionStructure.Side, InceptionStructure.Side, InceptionStructure.Colours, free);
        for (int i = 0; i < steps.Count; i++)
        {
            InceptionStep step = steps[i];
            Place input = _places[step.Input];
            if (!_places.ContainsKey(step.Output))
            {
                Window window = InceptionWindow.Of(step);
                int channels = InceptionPlan.Steps.Where(other => other.Output == step.Output).Sum(other => other.Outputs);
                Add(
                    step.Output, i < stem - 1 ? group : batch, window.OutputHeight(input.Height), window.OutputWidth(input.Width), channels,
                    i == last ? [] : free);
            }

            if (i == last)
            {
                free.Add(_places[InceptionStructure.Image].Piece);
            }

            bool isLastRead = !kept.Contains(step.Input) && !steps.Skip(i + 1).Any(later => later.Input == step.Input);
            if (isLastRead && (i > last || step.Input != InceptionStructure.Image))
            {
                free.Add(input.Piece);
            }
        }
    }

    /// <summary>Steps before the first whose input others read too.</summary>
    public static int StemLength(IReadOnlyList<InceptionStep> steps) =>
        steps.TakeWhile(step => steps.Count(other => other.Input == step.Input) == 1).Count();

    /// <summary>Images of which the stem's largest step reads and writes half as many bytes as there are: the rest is for weights, and for others
    /// that share the cache.</summary>
    public static int GroupOf(long bytes, DType type)
    {
        long largest = 0;
        (int height, int width) = (InceptionStructure.Side, InceptionStructure.Side);
        foreach (InceptionStep step in InceptionPlan.Steps.Take(StemLength(InceptionPlan.Steps)))
        {
            Window window = InceptionWindow.Of(step);
            long read = (long)height * width * step.Inputs;
            (height, width) = (window.OutputHeight(height), window.OutputWidth(width));
            largest = Math.Max(largest, read + ((long)height * width * step.Outputs));
        }

        return (int)Math.Clamp(bytes / 2 / (largest * type.Size()), 1, InceptionPass.MaxBatch);
    }

    /// <summary>Carves the pieces.</summary>
    /// <param name="arena">What from.</param>
    /// <returns>[B or the group,H,W,C] by the image's name.</returns>
    public Dictionary<string, Tensor> Take(Arena arena)
    {
        Tensor[] pieces = [.. _pieces.Select(elements => arena.Take(elements))];
        return _places.ToDictionary(
            place => place.Key,
            place => TrainedParameters.Slice(pieces[place.Value.Piece], 0, place.Value.Elements)
                .Reshape(place.Value.Images, place.Value.Height, place.Value.Width, place.Value.Channels));
    }

    private void Add(string name, int images, int height, int width, int channels, List<int> free)
    {
        // The smallest piece that is large enough, else the largest, which grows.
        int elements = checked(images * height * width * channels);
        int piece = free.Where(candidate => _pieces[candidate] >= elements).OrderBy(candidate => _pieces[candidate])
            .Concat(free.OrderByDescending(candidate => _pieces[candidate]))
            .FirstOrDefault(_pieces.Count);
        if (!free.Remove(piece))
        {
            _pieces.Add(0);
        }

        _pieces[piece] = Math.Max(_pieces[piece], elements);
        _places.Add(name, new Place(piece, images, height, width, channels));
    }

    private readonly record struct Place(int Piece, int Images, int Height, int Width, int Channels)
    {
        public int Elements => Images * Height * Width * Channels;
    }
}
