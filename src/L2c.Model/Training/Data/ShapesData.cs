namespace L2c.Model.Training.Data;

/// <summary>The built-in data set: one anti-aliased shape of ten kinds on a shaded background, 3 x 32 x 32, class-conditional and endless.</summary>
/// <remarks>
/// Item i of seed s depends on (s, i) alone, whatever the machine and the order of reading: its eleven uniforms are Philox4x32-10 with key = s and
/// counters (k, i mod 2^32, i / 2^32, a constant of its own), k = 0, 1, 2. Distributions, geometry and colours: <see cref="ShapeParameters"/>,
/// <see cref="ShapeRenderer"/>.
/// </remarks>
/// <param name="edition">How hearts and bars are drawn; everything else, labels included, is the same in both.</param>
/// <param name="seed">All 64 bits count. Two seeds are two disjoint endless sets: one to train on, one to compare with.</param>
public sealed class ShapesData(ShapesEdition edition, ulong seed = 0) : ITrainingData
{
    /// <summary>The classes in the order of their labels.</summary>
    public static IReadOnlyList<string> ClassNames { get; } =
        ["disc", "square", "triangle", "star", "ring", "cross", "crescent", "heart", "hexagon", "bars"];

    /// <inheritdoc/>
    public string Name => $"{NameOf(edition)}, seed {seed}";

    /// <inheritdoc/>
    public int Channels => ShapeRenderer.Channels;

    /// <inheritdoc/>
    public int Size => ShapeRenderer.Size;

    /// <inheritdoc/>
    public int Classes => ClassNames.Count;

    /// <summary>What an edition is called: <c>shapes</c> or <c>shapes2</c>.</summary>
    public static string NameOf(ShapesEdition edition) => edition == ShapesEdition.First ? "shapes" : "shapes2";

    IReadOnlyList<string> ITrainingData.ClassNames => ClassNames;

    /// <inheritdoc/>
    public int Read(long index, Span<float> image)
    {
        ShapeParameters shape = ShapeParameters.Draw(seed, index);
        ShapeRenderer.Render(edition, shape, image);
        return shape.Label;
    }
}
