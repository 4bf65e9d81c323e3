using System.Buffers.Binary;
using System.Runtime.InteropServices;
using SkiaSharp;

namespace L2c;

/// <summary>A picture of 8-bit RGB pixels, row by row from the top.</summary>
public sealed class RgbImage
{
    /// <summary>Creates a black picture.</summary>
    /// <param name="width">Pixels per row, at least 1.</param>
    /// <param name="height">Rows, at least 1.</param>
    public RgbImage(int width, int height)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(height, 1);
        (Width, Height, Pixels) = (width, height, new byte[checked(3 * width * height)]);
    }

    /// <summary>Pixels per row.</summary>
    public int Width { get; }

    /// <summary>Rows.</summary>
    public int Height { get; }

    /// <summary>[height, width, 3] bytes: red, green, blue.</summary>
    public byte[] Pixels { get; }

    /// <summary>The three bytes of a pixel.</summary>
    public Span<byte> this[int x, int y] => Pixels.AsSpan(3 * ((y * Width) + x), 3);

    /// <summary>A copy that the drawing library can use.</summary>
    internal SKBitmap ToBitmap()
    {
        SKBitmap bitmap = new(new SKImageInfo(Width, Height, SKColorType.Rgba8888, SKAlphaType.Opaque));
        Span<uint> target = MemoryMarshal.Cast<byte, uint>(bitmap.GetPixelSpan());
        for (int i = 0; i < target.Length; i++)
        {
            target[i] = BinaryPrimitives.ReadUInt32LittleEndian([.. Pixels.AsSpan(3 * i, 3), byte.MaxValue]);
        }

        return bitmap;
    }
}
