using L2c.Kernels;

namespace L2c.Testing;

public static partial class Reference
{
    /// <summary>y[b,i,j,c] = x[b, i / F, j / F, c].</summary>
    /// <param name="x">[B,H,W,C].</param>
    /// <param name="shape">Of x.</param>
    /// <param name="factor">F.</param>
    /// <returns>[B,F H,F W,C].</returns>
    public static float[] Upsample(float[] x, Shape shape, int factor)
    {
        int channels = shape[3], height = factor * shape[1], width = factor * shape[2];
        var y = new float[shape[0] * height * width * channels];
        for (int pixel = 0; pixel < shape[0] * height * width; pixel++)
        {
            (int row, int column) = Math.DivRem(pixel, width); // of all images below each other
            int from = row / factor * shape[2] + column / factor;
            x.AsSpan(from * channels, channels).CopyTo(y.AsSpan(pixel * channels));
        }

        return y;
    }
}
