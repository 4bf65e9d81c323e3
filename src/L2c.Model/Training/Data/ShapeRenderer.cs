using System.Runtime.Intrinsics;
using L2c.Model.Randomness;

namespace L2c.Model.Training.Data;

/// <summary>Draws a picture of <see cref="ShapesData"/>.</summary>
/// <remarks>
/// Formula  cover = clamp(1/2 - 16 r d(p), 0, 1), the shape's share of a pixel by its signed distance d (negative inside) at p, the pixel's centre
///          turned back by the angle and divided by the radius r;
///          colour = cover · foreground + (1 - cover) · background · (1 + 0.35 (x cos θ + y sin θ)).
/// Numerics binary64 and exactly rounded operations in a fixed order, so the same bits on every machine; only the angle's sine and cosine are
///          <see cref="PortableMath"/>'s. Stored as binary32.
/// </remarks>
public static class ShapeRenderer
{
    /// <summary>Red, green, blue.</summary>
    public const int Channels = 3;

    /// <summary>Pixels per side.</summary>
    public const int Size = 32;

    private const double HalfSide = Size / 2;
    private const double HalfRoot3 = 0.86602540378443865; // cos 30°
    private const double Cos72 = 0.30901699437494742, Sin72 = 0.95105651629515357, Cos144 = -0.80901699437494742, Sin144 = 0.58778525229247313;

    /// <summary>Writes the picture.</summary>
    /// <param name="edition">How hearts and bars are drawn.</param>
    /// <param name="shape">What to draw; its label is 0..9.</param>
    /// <param name="image">Receives [3, 32, 32] in [-1, 1].</param>
    /// <exception cref="ArgumentException">The destination is too short.</exception>
    public static void Render(ShapesEdition edition, in ShapeParameters shape, Span<float> image)
    {
        const int Plane = Size * Size;
        Span<float> red = image[..Plane], green = image.Slice(Plane, Plane), blue = image.Slice(2 * Plane, Plane);
        Span<double> front = stackalloc double[Channels], ground = stackalloc double[Channels];
        Colour(shape.Hue, shape.Saturation, shape.Brightness, front);
        Colour(shape.GroundHue, shape.GroundSaturation, shape.GroundBrightness, ground);
        (Vector256<float> sines, Vector256<float> cosines) = PortableMath.SinCos(Vector256.Create(MathF.Abs(shape.Angle)));
        double sin = MathF.CopySign(sines.ToScalar(), shape.Angle), cos = cosines.ToScalar();
        double radius = shape.Radius, perPixel = HalfSide * radius;
        for (int row = 0; row < Size; row++)
        {
            double gy = ((row + 0.5) / HalfSide) - 1, dy = (gy - shape.CentreY) / radius;
            for (int column = 0; column < Size; column++)
            {
                double gx = ((column + 0.5) / HalfSide) - 1, dx = (gx - shape.CentreX) / radius;
                double distance = Distance(edition, shape.Label, (cos * dx) + (sin * dy), (sin * dx) - (cos * dy));
                double cover = Math.Clamp(0.5 - (distance * perPixel), 0, 1);
                double shade = (1 - cover) * (1 + (0.35 * ((gx * cos) + (gy * sin))));
                int pixel = (row * Size) + column;
                red[pixel] = Stored((cover * front[0]) + (shade * ground[0]));
                green[pixel] = Stored((cover * front[1]) + (shade * ground[1]));
                blue[pixel] = Stored((cover * front[2]) + (shade * ground[2]));
            }
        }
    }

    /// <summary>Signed distance of a point, or a bound of it, to the shape of about unit size at the origin; y up.</summary>
    private static double Distance(ShapesEdition edition, int label, double x, double y) => label switch
    {
        0 => Length(x, y) - 0.9,
        1 => Math.Max(Math.Abs(x), Math.Abs(y)) - 0.75,
        2 => Math.Max(-y, (HalfRoot3 * Math.Abs(x)) + (y / 2)) - 0.5,
        3 => Star(x, Math.Abs(y)),
        4 => Math.Abs(Length(x, y) - 0.68) - 0.22,
        5 => Math.Min(
            Math.Max(Math.Abs(x) - 0.26, Math.Abs(y) - 0.9),
            Math.Max(Math.Abs(x) - 0.9, Math.Abs(y) - 0.26)),
        6 => Math.Max(Length(x, y) - 0.9, 0.72 - Length(x - 0.42, y)),
        7 => edition == ShapesEdition.First ? FirstHeart(Math.Abs(x) * 1.1, (-y * 1.1) + 0.35) : Heart(Math.Abs(x), y),
        8 => Math.Max(Math.Abs(x), (Math.Abs(x) / 2) + (HalfRoot3 * Math.Abs(y))) - 0.78,
        9 => edition == ShapesEdition.First ? FirstBars(x, y) : Bars(Math.Abs(x), Math.Abs(y)),
        _ => throw new ArgumentOutOfRangeException(nameof(label), label, "there are ten shapes, 0 to 9"),
    };

    /// <summary>Five points, one along +x: an edge's line in the frame of the nearest point, which is the one with the largest projection.</summary>
    private static double Star(double x, double y)
    {
        (double along, double across) = (x, y);
        Nearest((Cos72 * x) + (Sin72 * y), (Cos72 * y) - (Sin72 * x), ref along, ref across);
        Nearest((Cos144 * x) + (Sin144 * y), (Cos144 * y) - (Sin144 * x), ref along, ref across);
        return (along * 0.55) + (Math.Abs(across) * 0.95) - 0.45;
    }

    private static void Nearest(double along, double across, ref double bestAlong, ref double bestAcross)
    {
        if (along > bestAlong)
        {
            (bestAlong, bestAcross) = (along, across);
        }
    }

    /// <summary>Two lobes above a point: a quarter turn of a square with two half discs on its upper sides. x is the distance from the axis.</summary>
    private static double Heart(double x, double y)
    {
        // In this frame the point is the origin and the corner between the lobes is (0, 1).
        const double Scale = 0.62;
        return HeartAtTip(x * Scale, (y * Scale) + 0.52, 0.35355) / Scale;
    }

    /// <summary>Upside down and off centre: v points down, but the frame's point is above.</summary>
    private static double FirstHeart(double u, double v) => 0.9 * HeartAtTip(u, v, 0.3536);

    /// <summary>Distance to a heart with its point at the origin; outside the lobes, to its two straight sides.</summary>
    private static double HeartAtTip(double u, double v, double lobe)
    {
        if (u + v > 1)
        {
            return Length(u - 0.25, v - 0.75) - lobe;
        }

        double foot = 0.5 * Math.Max(u + v, 0);
        return Math.Min(Length(u, v - 1), Length(u - foot, v - foot)) * Math.Sign(u - v);
    }

    /// <summary>Three upright bars; by symmetry the middle one and its right neighbour.</summary>
    private static double Bars(double x, double y) => Math.Max(Math.Min(x, Math.Abs(x - 0.6)) - 0.16, y - 0.85);

    /// <summary>A square, cut by a grating along x that leaves slivers at its sides.</summary>
    private static double FirstBars(double x, double y)
    {
        const double Period = 0.68;
        double shifted = x + (Period / 2);
        double phase = shifted - (Period * Math.Floor(shifted / Period));
        return Math.Max(Math.Max(Math.Abs(x), Math.Abs(y)) - 0.85, 0.17 - Math.Abs(phase - (Period / 2)));
    }

    private static double Length(double x, double y) => Math.Sqrt((x * x) + (y * y));

    /// <summary>HSV to RGB.</summary>
    private static void Colour(double hue, double saturation, double brightness, Span<double> rgb)
    {
        for (int channel = 0; channel < Channels; channel++)
        {
            double sextant = ((hue * 6) + 5 - (2 * channel)) % 6;
            rgb[channel] = brightness * (1 - (saturation * Math.Clamp(Math.Min(sextant, 4 - sextant), 0, 1)));
        }
    }

    private static float Stored(double intensity) => (float)((Math.Clamp(intensity, 0, 1) * 2) - 1);
}
