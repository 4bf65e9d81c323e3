using SkiaSharp;

namespace L2c;

/// <summary>How far pictures are from others, as pictures: black where they are equal, brighter where they differ more.</summary>
/// <remarks>A pixel's difference is the largest of its red, green and blue, in levels of 255; the scale is chosen for all pictures together.</remarks>
internal sealed class PictureDifference
{
    /// <summary>Greatest level of a byte.</summary>
    public const int Levels = 255;

    // What the scale leaves out: this share of the pixels may differ by more, and is drawn as bright as what differs by just that much.
    private const double Brightest = 0.001;

    private static readonly int[] _scales = [8, 16, 32, 64, 128, Levels];

    // Of even steps in lightness, also to those who see few colours.
    private static readonly SKColor[] _colours =
    [
        new(0x00, 0x00, 0x04), new(0x1B, 0x0C, 0x41), new(0x4A, 0x0C, 0x6B), new(0x78, 0x1C, 0x6D), new(0xA5, 0x2C, 0x60),
        new(0xCF, 0x44, 0x46), new(0xED, 0x69, 0x25), new(0xFB, 0x9B, 0x06), new(0xF7, 0xD1, 0x3D), new(0xFC, 0xFF, 0xA4),
    ];

    private PictureDifference(int scale, int greatest, double? psnr) => (Scale, Greatest, Psnr) = (scale, greatest, psnr);

    /// <summary>The difference that is drawn in the brightest colour, as are all above it.</summary>
    public int Scale { get; }

    /// <summary>The greatest difference of a pixel.</summary>
    public int Greatest { get; }

    /// <summary>Peak signal-to-noise ratio of all bytes in dB; null where nothing differs.</summary>
    public double? Psnr { get; }

    /// <summary>Measures pictures against others of their sizes.</summary>
    public static PictureDifference Of(int count, Func<int, RgbImage> pictures, Func<int, RgbImage> others)
    {
        long[] histogram = new long[Levels + 1];
        double squares = 0;
        long bytes = 0;
        for (int i = 0; i < count; i++)
        {
            (byte[] a, byte[] b) = (pictures(i).Pixels, others(i).Pixels);
            for (int at = 0; at < a.Length; at++)
            {
                int difference = a[at] - b[at];
                squares += difference * difference;
            }

            for (int at = 0; at < a.Length; at += 3)
            {
                histogram[At(a, b, at)]++;
            }

            bytes += a.Length;
        }

        long pixels = bytes / 3, above = pixels;
        int usual = 0;
        while ((above -= histogram[usual]) > Brightest * pixels)
        {
            usual++;
        }

        return new PictureDifference(
            Array.Find(_scales, scale => scale >= usual),
            Array.FindLastIndex(histogram, number => number > 0),
            squares > 0 ? 10 * Math.Log10((double)Levels * Levels * bytes / squares) : null);
    }

    /// <summary>Draws the difference of two pictures of one size.</summary>
    public RgbImage Draw(RgbImage picture, RgbImage other)
    {
        RgbImage drawn = new(picture.Width, picture.Height);
        for (int at = 0; at < drawn.Pixels.Length; at += 3)
        {
            SKColor colour = Colour((double)At(picture.Pixels, other.Pixels, at) / Scale);
            (drawn.Pixels[at], drawn.Pixels[at + 1], drawn.Pixels[at + 2]) = (colour.Red, colour.Green, colour.Blue);
        }

        return drawn;
    }

    /// <summary>The colour of a share of the scale; above 1 that of 1.</summary>
    public static SKColor Colour(double share)
    {
        double at = Math.Clamp(share, 0, 1) * (_colours.Length - 1);
        int below = Math.Min((int)at, _colours.Length - 2);
        (SKColor a, SKColor b) = (_colours[below], _colours[below + 1]);
        double rest = at - below;
        return new SKColor(Mixed(a.Red, b.Red), Mixed(a.Green, b.Green), Mixed(a.Blue, b.Blue));

        byte Mixed(byte from, byte to) => (byte)Math.Round(from + (rest * (to - from)));
    }

    private static int At(byte[] a, byte[] b, int at) =>
        Math.Max(Math.Abs(a[at] - b[at]), Math.Max(Math.Abs(a[at + 1] - b[at + 1]), Math.Abs(a[at + 2] - b[at + 2])));
}
