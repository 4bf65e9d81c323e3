using L2c.Kernels;
using L2c.Model.Training;
using L2c.Weights.Layouts;

namespace L2c.Model.Metrics.Inception;

/// <summary>Where the images between the steps lie: few pieces of memory, which take an image when the last reader of another is done.</summary>
internal sealed class InceptionMemory
{
    private readonly Dictionary<string, Place> _places = [];
    private readonly List<int> _pieces = []; // elements per image of the batch

    /// <summary>Decides.</summary>
    /// <param name="steps">In the order in which they run.</param>
    /// <param name="kept">Images that are read after the last step.</param>
    public InceptionMemory(IReadOnlyList<InceptionStep> steps, IReadOnlyCollection<string> kept)
    {
        List<int> free = [];
        Add(InceptionStructure.Image, InceptionStructure.Side, InceptionStructure.Side, InceptionStructure.Colours, free);
        for (int i = 0; i < steps.Count; i++)
        {
            InceptionStep step = steps[i];
            Place input = _places[step.Input];
            if (!_places.ContainsKey(step.Output))
            {
                Window window = InceptionWindow.Of(step);
                int channels = InceptionPlan.Steps.Where(other => other.Output == step.Output).Sum(other => other.Outputs);
                Add(step.Output, window.OutputHeight(input.Height), window.OutputWidth(input.Width), channels, free);
            }

            if (!kept.Contains(step.Input) && !steps.Skip(i + 1).Any(later => later.Input == step.Input))
            {
                free.Add(input.Piece);
            }
        }
    }

    /// <summary>Carves the pieces.</summary>
    /// <param name="arena">What from.</param>
    /// <param name="batch">B.</param>
    /// <returns>[B,H,W,C] by the image's name.</returns>
    public Dictionary<string, Tensor> Take(Arena arena, int batch)
    {
        Tensor[] pieces = [.. _pieces.Select(elements => arena.Take(checked(batch * elements)))];
        return _places.ToDictionary(
            place => place.Key,
            place => TrainedParameters.Slice(pieces[place.Value.Piece], 0, batch * place.Value.Elements)
                .Reshape(batch, place.Value.Height, place.Value.Width, place.Value.Channels));
    }

    private void Add(string name, int height, int width, int channels, List<int> free)
    {
        // The smallest piece that is large enough, else the largest, which grows.
        int elements = height * width * channels;
        int piece = free.Where(candidate => _pieces[candidate] >= elements).OrderBy(candidate => _pieces[candidate])
            .Concat(free.OrderByDescending(candidate => _pieces[candidate]))
            .FirstOrDefault(_pieces.Count);
        if (!free.Remove(piece))
        {
            _pieces.Add(0);
        }

        _pieces[piece] = Math.Max(_pieces[piece], elements);
        _places.Add(name, new Place(piece, height, width, channels));
    }

    private readonly record struct Place(int Piece, int Height, int Width, int Channels)
    {
        public int Elements => Height * Width * Channels;
    }
}
