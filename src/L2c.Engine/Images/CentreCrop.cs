using System.Buffers;

namespace L2c;

/// <summary>The square that the published training sees of a picture: its middle, shrunk or enlarged to the size along the shorter side.</summary>
/// <remarks>
/// Formula  while the shorter side is at least twice the size: half the width and height (rounded down) by a box filter; then bicubic to
///          round(side · size / shorter side), halves to even; then the window that begins at half of what is too much, rounded down.
/// Source   Dhariwal and Nichol 2021, "Diffusion models beat GANs on image synthesis" (ADM), whose center crop DiT and U-ViT took over.
/// </remarks>
internal static class CentreCrop
{
    /// <summary>Crops.</summary>
    /// <param name="pixels">[height, width], four bytes a pixel.</param>
    /// <param name="width">Pixels per row.</param>
    /// <param name="height">Rows.</param>
    /// <param name="size">Side of the square.</param>
    /// <param name="square">Receives [size, size].</param>
    public static void Crop(ReadOnlySpan<uint> pixels, int width, int height, int size, Span<uint> square)
    {
        uint[]? halved = null;
        try
        {
            while (Math.Min(width, height) >= 2 * size)
            {
                (int columns, int rows) = (width / 2, height / 2);
                uint[] half = ArrayPool<uint>.Shared.Rent(columns * rows);
                ResampleAxis x = new(ResampleFilter.Box, width, columns, 0, columns), y = new(ResampleFilter.Box, height, rows, 0, rows);
                PillowResampler.Resize(pixels, width, x, y, half);
                Return(halved);
                pixels = half;
                (halved, width, height) = (half, columns, rows);
            }

            double scale = (double)size / Math.Min(width, height);
            PillowResampler.Resize(pixels, width, Axis(width), Axis(height), square);

            ResampleAxis Axis(int side)
            {
                long target = (long)Math.Round(side * scale, MidpointRounding.ToEven);
                return new ResampleAxis(ResampleFilter.Bicubic, side, target, (target - size) / 2, size);
            }
        }
        finally
        {
            Return(halved);
        }
    }

    private static void Return(uint[]? rented)
    {
        if (rented is not null)
        {
            ArrayPool<uint>.Shared.Return(rented);
        }
    }
}
