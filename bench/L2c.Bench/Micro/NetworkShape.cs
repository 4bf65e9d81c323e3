namespace L2c.Bench.Micro;

/// <summary>The sizes of a network and of a batch for it: what the shapes of its ops follow from.</summary>
/// <param name="Name">For tables.</param>
/// <param name="Batch">B: images.</param>
/// <param name="Channels">Of an image.</param>
/// <param name="Size">Height and width of an image.</param>
/// <param name="Patch">P.</param>
/// <param name="Width">C.</param>
/// <param name="Heads">H.</param>
/// <param name="Labels">Rows of the label table, the null label's included.</param>
public sealed record NetworkShape(string Name, int Batch, int Channels, int Size, int Patch, int Width, int Heads, int Labels)
{
    /// <summary>DiT-S/2 at 256 pixels, and the demo model.</summary>
    public static IReadOnlyList<NetworkShape> All { get; } =
    [
        new("DiT-S/2 x 8", 8, 4, 32, 2, 384, 6, 1001),
        new("demo x 16", 16, 3, 32, 4, 128, 2, 11),
    ];

    /// <summary>T.</summary>
    public int Tokens => Size / Patch * (Size / Patch);

    /// <summary>Of an MLP.</summary>
    public int Hidden => 4 * Width;

    /// <inheritdoc/>
    public override string ToString() => Name;
}
