namespace L2c.Kernels;

/// <summary>The window that a convolution or a pool moves over an image: output (i, j) sees the rows i Stride - Top .. + Height - 1 and the columns
/// j Stride - Left .. + Width - 1.</summary>
/// <param name="Height">Rows of the window.</param>
/// <param name="Width">Columns of the window.</param>
/// <param name="Stride">Pixels from one window to the next, in both directions.</param>
/// <param name="Top">Rows of padding above the image.</param>
/// <param name="Left">Columns of padding to its left.</param>
/// <param name="Bottom">Rows of padding below.</param>
/// <param name="Right">Columns of padding to its right.</param>
public readonly record struct Window(int Height, int Width, int Stride = 1, int Top = 0, int Left = 0, int Bottom = 0, int Right = 0)
{
    /// <summary>A square window with the same padding on all sides.</summary>
    public static Window Square(int side, int stride = 1, int padding = 0) => new(side, side, stride, padding, padding, padding, padding);

    /// <summary>Whether every output sees the one pixel in its own place: such a convolution is a linear map of the pixels.</summary>
    public bool IsPixel => this == Square(1);

    /// <summary>Pixels of the window.</summary>
    public int Pixels => Height * Width;

    /// <summary>Rows of the output for an image of so many; below 1 where the window does not fit.</summary>
    public int OutputHeight(int height) => Outputs(height + Top + Bottom - Height);

    /// <summary>Columns of the output for an image of so many; below 1 where the window does not fit.</summary>
    public int OutputWidth(int width) => Outputs(width + Left + Right - Width);

    /// <summary>As <c>3 x 3, stride 2, padding 1 1 1 1</c>: above, left, below, right.</summary>
    public override string ToString() => $"{Height} x {Width}, stride {Stride}, padding {Top} {Left} {Bottom} {Right}";

    /// <summary>Whether sizes and stride are at least 1 and each padding is at least 0 and smaller than the window, so that every window sees a pixel
    /// of an image that is not smaller than the padding.</summary>
    internal bool IsValid =>
        Height > 0 && Width > 0 && Stride > 0 && Math.Min(Math.Min(Top, Bottom), Math.Min(Left, Right)) >= 0
        && Math.Max(Top, Bottom) < Height && Math.Max(Left, Right) < Width;

    private int Outputs(int room) => room < 0 ? 0 : (room / Stride) + 1;
}
