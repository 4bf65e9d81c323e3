using L2c.Model.Training;

namespace L2c.Cli.Data;

/// <summary>What a model reads; null where the data decide.</summary>
/// <param name="Channels">C of an item.</param>
/// <param name="Size">H and W of an item; a folder of images needs it.</param>
/// <param name="Classes">Labels are below it.</param>
internal sealed record DataNeeds(int? Channels, int? Size, int? Classes);

/// <summary>The text of <c>--data</c>.</summary>
internal static class TrainingDataText
{
    /// <summary>Opens what the text names. Files stay open: dispose of the result where it is <see cref="IDisposable"/>.</summary>
    /// <param name="text"><c>shapes</c>, <c>shapes:SEED</c>, a folder or a file.</param>
    /// <param name="needs">What the model reads.</param>
    /// <param name="seed">Order of the items of files; of shapes the text alone names the seed.</param>
    /// <exception cref="Output.UsageException">The text names nothing, or not what the model reads.</exception>
    /// <exception cref="Weights.MalformedFileException">A file is damaged.</exception>
    public static ITrainingData Open(string text, DataNeeds needs, ulong seed) => throw new NotImplementedException();
}
