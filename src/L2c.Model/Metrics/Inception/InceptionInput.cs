using System.Numerics;
using System.Runtime.InteropServices;
using L2c.Weights.Layouts;

namespace L2c.Model.Metrics.Inception;

/// <summary>How 8-bit pixels become the network's input. Features of different recipes must never be mixed.</summary>
public enum InceptionRecipe
{
    /// <summary>ADM's evaluator: TensorFlow 1's bilinear resizing of 0..255 without a shift by half a pixel, then (v - 128) / 128.</summary>
    Adm,
    /// <summary>pytorch-fid: half-pixel bilinear resizing of 0..1, then 2 v - 1.</summary>
    PtFid,
}

/// <summary>Prepares images of one size: 299 x 299 pixels by bilinear interpolation without antialiasing, each axis on its own.</summary>
/// <remarks>
/// Formula  adm: p = i s with s = in / 299; a + (b - a) t between the pixels at floor(p) and the next, along x, then along y. ptfid: p = max(0, s (i + 1/2)
///          - 1/2); a (1 - t) + b t. In both, the last pixel is its own neighbour, and a side of 299 stays as it is.
/// Numerics binary32, every operation rounded on its own; adm gives TensorFlow's bits. Positions of ptfid are binary64 from an s of binary32.
/// Safe for several threads at once; an image allocates nothing.
/// </remarks>
public sealed class InceptionInput
{
    private const int RowLength = InceptionStructure.Side * InceptionStructure.Colours;

    private readonly InceptionRecipe _recipe;
    private readonly Axis _rows, _columns;
    private readonly float[] _values = new float[256];

    /// <summary>Computes positions.</summary>
    /// <param name="recipe">The recipe.</param>
    /// <param name="height">H of the images.</param>
    /// <param name="width">W.</param>
    public InceptionInput(InceptionRecipe recipe, int height, int width)
    {
        (_recipe, _rows, _columns) = (recipe, new Axis(recipe, height), new Axis(recipe, width));
        for (int value = 0; value < _values.Length; value++)
        {
            _values[value] = recipe == InceptionRecipe.Adm ? value : value / 255f;
        }
    }

    /// <summary>Resizes an image and brings it to the network's range.</summary>
    /// <param name="pixels">[H,W,3].</param>
    /// <param name="image">Receives [299,299,3].</param>
    public void Prepare(ReadOnlySpan<byte> pixels, Span<float> image)
    {
        Resize(pixels, image);
        foreach (ref float value in image)
        {
            value = _recipe == InceptionRecipe.Adm ? (value - 128) / 128 : (2 * value) - 1;
        }
    }

    /// <summary>Resizes an image: 0..255 in adm, 0..1 in ptfid.</summary>
    internal void Resize(ReadOnlySpan<byte> pixels, Span<float> image)
    {
        if (pixels.Length != _rows.Length * _columns.Length * InceptionStructure.Colours || image.Length != InceptionPass.ImageLength)
        {
            throw new ArgumentException($"{pixels.Length} pixels and {image.Length} values are not an image of {_rows.Length} x {_columns.Length} x 3");
        }

        Span<float> upper = stackalloc float[RowLength], lower = stackalloc float[RowLength];
        (int upperRow, int lowerRow) = (-1, -1);
        for (int y = 0; y < InceptionStructure.Side; y++)
        {
            if (upperRow != _rows.Low[y])
            {
                if (lowerRow == _rows.Low[y])
                {
                    Span<float> other = upper;
                    upper = lower;
                    lower = other;
                    lowerRow = -1;
                }
                else
                {
                    Row(pixels, _rows.Low[y], upper);
                }

                upperRow = _rows.Low[y];
            }

            if (lowerRow != _rows.High[y])
            {
                lowerRow = _rows.High[y];
                Row(pixels, lowerRow, lower);
            }

            Mix(upper, lower, _rows.Share[y], image.Slice(y * RowLength, RowLength));
        }
    }

    /// <summary>A row of the image, resized along x.</summary>
    private void Row(ReadOnlySpan<byte> pixels, int row, Span<float> resized)
    {
        ReadOnlySpan<byte> source = pixels.Slice(row * _columns.Length * InceptionStructure.Colours, _columns.Length * InceptionStructure.Colours);
        for (int x = 0, i = 0; x < InceptionStructure.Side; x++)
        {
            int low = _columns.Low[x] * InceptionStructure.Colours, high = _columns.High[x] * InceptionStructure.Colours;
            for (int colour = 0; colour < InceptionStructure.Colours; colour++, i++)
            {
                resized[i] = Mix(_values[source[low + colour]], _values[source[high + colour]], _columns.Share[x]);
            }
        }
    }

    private float Mix(float a, float b, float share) => _recipe == InceptionRecipe.Adm ? a + ((b - a) * share) : (a * (1 - share)) + (b * share);

    private void Mix(ReadOnlySpan<float> a, ReadOnlySpan<float> b, float share, Span<float> mixed)
    {
        ReadOnlySpan<Vector<float>> first = MemoryMarshal.Cast<float, Vector<float>>(a), second = MemoryMarshal.Cast<float, Vector<float>>(b);
        Span<Vector<float>> wide = MemoryMarshal.Cast<float, Vector<float>>(mixed);
        Vector<float> part = new(share), rest = new(1 - share);
        for (int i = 0; i < wide.Length; i++)
        {
            wide[i] = _recipe == InceptionRecipe.Adm ? first[i] + ((second[i] - first[i]) * part) : (first[i] * rest) + (second[i] * part);
        }

        for (int i = wide.Length * Vector<float>.Count; i < mixed.Length; i++)
        {
            mixed[i] = Mix(a[i], b[i], share);
        }
    }

    /// <summary>Of every output position the two pixels that it lies between, and the share of the second.</summary>
    private sealed class Axis
    {
        public Axis(InceptionRecipe recipe, int length)
        {
            Length = length;
            float scale = (float)length / InceptionStructure.Side;
            for (int i = 0; i < InceptionStructure.Side; i++)
            {
                double position = recipe == InceptionRecipe.Adm ? i * scale : Math.Max(0, ((double)scale * (i + 0.5)) - 0.5);
                Low[i] = (int)position;
                High[i] = Math.Min(Low[i] + 1, length - 1);
                Share[i] = (float)(position - Low[i]);
            }
        }

        public int Length { get; }

        public int[] Low { get; } = new int[InceptionStructure.Side];

        public int[] High { get; } = new int[InceptionStructure.Side];

        public float[] Share { get; } = new float[InceptionStructure.Side];
    }
}
