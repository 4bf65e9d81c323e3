namespace L2c.Testing;

public static partial class Reference
{
    /// <summary>patches[b, L + (i,j), (c,p,q)] = image[b mod N, c, i P + p, j P + q], every index spelt out; zeros in the first L rows.</summary>
    /// <param name="image">[N,C,H,W].</param>
    /// <param name="batch">B, a multiple of N.</param>
    /// <param name="channels">C.</param>
    /// <param name="height">H.</param>
    /// <param name="width">W.</param>
    /// <param name="patch">P.</param>
    /// <param name="leading">L, rows before each image's patches.</param>
    public static float[] Patchify(float[] image, int batch, int channels, int height, int width, int patch, int leading = 0)
    {
        int images = image.Length / (channels * height * width);
        var patches = new float[batch * ImageRows(height, width, patch, leading) * channels * patch * patch];
        foreach ((int b, int c, int y, int x) in Pixels(batch, channels, height, width))
        {
            int token = b * ImageRows(height, width, patch, leading) + leading + y / patch * (width / patch) + x / patch;
            int value = (c * patch + y % patch) * patch + x % patch;
            patches[token * channels * patch * patch + value] = image[((b % images * channels + c) * height + y) * width + x];
        }

        return patches;
    }

    /// <summary>image[b, c, i P + p, j P + q] = tokens[b, L + (i,j), (p,q,c)]</summary>
    /// <param name="tokens">[B,L+T,P P C].</param>
    /// <param name="batch">B.</param>
    /// <param name="channels">C.</param>
    /// <param name="height">H.</param>
    /// <param name="width">W.</param>
    /// <param name="patch">P.</param>
    /// <param name="leading">L, rows before each image's patches.</param>
    public static float[] Unpatchify(float[] tokens, int batch, int channels, int height, int width, int patch, int leading = 0)
    {
        var image = new float[batch * channels * height * width];
        foreach ((int b, int c, int y, int x) in Pixels(batch, channels, height, width))
        {
            int token = b * ImageRows(height, width, patch, leading) + leading + y / patch * (width / patch) + x / patch;
            int value = (y % patch * patch + x % patch) * channels + c;
            image[((b * channels + c) * height + y) * width + x] = tokens[token * channels * patch * patch + value];
        }

        return image;
    }

    /// <summary>dTokens[b, L + (i,j), (p,q,c)] = dImage[b, c, i P + p, j P + q]: the gradient of <see cref="Unpatchify"/>; zeros in the first L rows.</summary>
    /// <param name="dImage">[B,C,H,W].</param>
    /// <param name="batch">B.</param>
    /// <param name="channels">C.</param>
    /// <param name="height">H.</param>
    /// <param name="width">W.</param>
    /// <param name="patch">P.</param>
    /// <param name="leading">L, rows before each image's patches.</param>
    public static float[] UnpatchifyBackward(float[] dImage, int batch, int channels, int height, int width, int patch, int leading = 0)
    {
        var dTokens = new float[batch * ImageRows(height, width, patch, leading) * channels * patch * patch];
        foreach ((int b, int c, int y, int x) in Pixels(batch, channels, height, width))
        {
            int token = b * ImageRows(height, width, patch, leading) + leading + y / patch * (width / patch) + x / patch;
            int value = (y % patch * patch + x % patch) * channels + c;
            dTokens[token * channels * patch * patch + value] = dImage[((b * channels + c) * height + y) * width + x];
        }

        return dTokens;
    }

    private static int ImageRows(int height, int width, int patch, int leading) => leading + height / patch * (width / patch);

    private static IEnumerable<(int B, int C, int Y, int X)> Pixels(int batch, int channels, int height, int width) =>
        from b in Enumerable.Range(0, batch)
        from c in Enumerable.Range(0, channels)
        from y in Enumerable.Range(0, height)
        from x in Enumerable.Range(0, width)
        select (b, c, y, x);
}
