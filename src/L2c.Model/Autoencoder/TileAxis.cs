namespace L2c.Model.Autoencoder;

/// <summary>One axis of latents cut into tiles of one size that overlap by a quarter at least.</summary>
/// <remarks>
/// The first tile begins with the axis and the last ends with it, the others are spread evenly between. From one to the next the picture
/// fades linearly over a quarter of a tile, in the middle of their overlap: further in, and away from where a tile was cut, one tile counts alone.
/// The weights of all tiles add up to 1 everywhere. Known from diffusers' AutoencoderKL.tiled_decode, whose last tile may be a narrow rest.
/// </remarks>
internal readonly struct TileAxis
{
    private readonly int _fade;

    /// <summary>Cuts.</summary>
    /// <param name="length">Latents of the axis.</param>
    /// <param name="tile">Of a tile; a shorter axis is one tile of its own length.</param>
    /// <exception cref="ArgumentException">The tile is too small.</exception>
    public TileAxis(int length, int tile)
    {
        if (tile < ImageDecoder.SmallestTile)
        {
            throw new ArgumentException($"tiles of {tile} latents are too small; give at least {ImageDecoder.SmallestTile}");
        }

        (Length, Side, _fade) = (length, Math.Min(tile, length), tile / 4);
        Count = length <= tile ? 1 : (length - _fade + Side - _fade - 1) / (Side - _fade);
    }

    /// <summary>Latents of the axis.</summary>
    public int Length { get; }

    /// <summary>Latents of a tile.</summary>
    public int Side { get; }

    /// <summary>Tiles.</summary>
    public int Count { get; }

    /// <summary>First latent of a tile.</summary>
    public int Start(int tile) => Count == 1 ? 0 : (int)((long)tile * (Length - Side) / (Count - 1));

    /// <summary>What a pixel of a tile counts.</summary>
    /// <param name="tile">The tile.</param>
    /// <param name="pixel">Counted from the tile's beginning.</param>
    /// <param name="factor">Pixels per latent.</param>
    public float Weight(int tile, int pixel, int factor)
    {
        int place = (factor * Start(tile)) + pixel;
        float before = tile == 0 ? 1 : Passed(tile - 1, place, factor);
        float after = tile == Count - 1 ? 0 : Passed(tile, place, factor);
        return before - after;
    }

    /// <summary>How far a place is in the fading from a tile to the next: 0 before it, 1 after it.</summary>
    private float Passed(int tile, int place, int factor)
    {
        // Twice the middle of the overlap, in pixels; pixels are counted at their middles.
        int middle = factor * (Start(tile) + Side + Start(tile + 1)), fade = factor * _fade;
        return Math.Clamp((((2 * place) + 1 - middle) / (2f * fade)) + 0.5f, 0, 1);
    }
}
