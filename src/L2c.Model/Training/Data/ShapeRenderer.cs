namespace L2c.Model.Training.Data;

/// <summary>Draws a picture of <see cref="ShapesData"/>.</summary>
public static class ShapeRenderer
{
    /// <summary>Red, green, blue.</summary>
    public const int Channels = 3;

    /// <summary>Pixels per side.</summary>
    public const int Size = 32;

    /// <summary>Writes the picture.</summary>
    /// <param name="shape">What to draw.</param>
    /// <param name="image">Receives [3, 32, 32] in [-1, 1].</param>
    public static void Render(in ShapeParameters shape, Span<float> image) => throw new NotImplementedException();
}
