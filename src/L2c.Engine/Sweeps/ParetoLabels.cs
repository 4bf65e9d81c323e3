using SkiaSharp;

namespace L2c;

/// <summary>A row's label in a plot.</summary>
/// <param name="Rule">Of the row.</param>
/// <param name="Text">What is written.</param>
/// <param name="Box">Where: across from the left edge of the picture, down from the upper edge of the plot.</param>
internal sealed record ParetoLabel(string Rule, string Text, SKRect Box);

/// <summary>Places labels beside points so that they lie neither on each other nor on anything that is drawn, and inside the plot.</summary>
/// <param name="room">The plot's area.</param>
internal sealed class ParetoLabels(SKRect room)
{
    private const float Away = 7, MaxWidth = 190;

    // Right, left, above, below, then the corners: shares of the label's size that it lies to the left and above of the point.
    private static readonly (float X, float Y)[] _sides = [(0, 0.5f), (1, 0.5f), (0.5f, 1), (0.5f, 0), (0, 1), (0, 0), (1, 1), (1, 0)];

    private readonly List<SKRect> _taken = [];
    private readonly List<ParetoLabel> _placed = [];

    /// <summary>The labels that had room.</summary>
    public IReadOnlyList<ParetoLabel> Placed => _placed;

    /// <summary>Keeps labels off an area.</summary>
    public void AddObstacle(SKRect area) => _taken.Add(area);

    /// <summary>Keeps labels off a marker.</summary>
    public void AddObstacle(SKPoint centre, float size) => AddObstacle(SKRect.Create(centre.X - (size / 2), centre.Y - (size / 2), size, size));

    /// <summary>Places a label beside a point, if there is room for it.</summary>
    public void Place(string rule, string text, SKPoint point)
    {
        text = PictureText.Shorten(text, PictureText.Small, MaxWidth);
        (float width, float height) = (PictureText.Small.MeasureText(text), PictureText.Height(PictureText.Small));
        foreach ((float x, float y) in _sides)
        {
            float left = point.X - (x * width) + Offset(x), top = point.Y - (y * height) + Offset(y);
            SKRect box = SKRect.Create(left, top, width, height);
            if (room.Contains(box) && !_taken.Any(box.IntersectsWith))
            {
                _taken.Add(box);
                _placed.Add(new ParetoLabel(rule, text, box));
                return;
            }
        }
    }

    private static float Offset(float share) => share switch { 0 => Away, 1 => -Away, _ => 0 };
}
