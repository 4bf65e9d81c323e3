using L2c.Weights;
using L2c.Weights.Layouts;

namespace L2c;

/// <summary>Shapes of a checkpoint, also where nobody says how many attention heads it has: no shape and no count depends on them.</summary>
internal static class CheckpointShape
{
    /// <summary>Finds out what an open file holds.</summary>
    /// <param name="file">The file.</param>
    /// <param name="hints">What the user knows about it.</param>
    /// <returns>What it holds, with one head where the heads are not known, and whether they are.</returns>
    /// <exception cref="MalformedFileException">The tensors fit no layout.</exception>
    /// <exception cref="RequestException">A hint does not apply to it.</exception>
    public static (WeightsFile File, bool HeadsKnown) Of(TensorFile file, LayoutHints hints)
    {
        try
        {
            return (OpenedModel.Resolve(file, hints), true);
        }
        catch (MalformedFileException) when (hints.Heads is null && FitsWithOneHead(file, hints) is { } checkpoint)
        {
            return (checkpoint, false);
        }
    }

    private static WeightsFile? FitsWithOneHead(TensorFile file, LayoutHints hints)
    {
        try
        {
            return OpenedModel.Resolve(file, hints with { Heads = 1 });
        }
        catch (Exception e) when (e is MalformedFileException or RequestException)
        {
            return null;
        }
    }
}
