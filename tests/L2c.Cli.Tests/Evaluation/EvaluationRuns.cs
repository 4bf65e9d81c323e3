using System.Globalization;
using System.Runtime.InteropServices;
using L2c.Model.Training.Data;
using L2c.Weights.Safetensors;

namespace L2c.Cli.Tests.Evaluation;

/// <summary>Sets of pictures as files, and a model small enough to be evaluated in a moment.</summary>
internal static class EvaluationRuns
{
    /// <summary>Pixels of pictures that differ in brightness: [count, 3, size, size].</summary>
    public static float[] Pixels(int count, int size, int seed, float shift = 0)
    {
        Random random = new(seed);
        return [.. Enumerable.Range(0, count * 3 * size * size).Select(_ => (float)((random.NextDouble() * 1.6) - 0.8 + shift))];
    }

    /// <summary>Writes pixels as a safetensors file.</summary>
    public static string Write(string path, float[] pixels, int size)
    {
        SafetensorsData.Write(path, [("images", [pixels.Length / (3 * size * size), 3, size, size], pixels)], null, overwrite: false);
        return path;
    }

    /// <summary>Pictures of the shapes data set.</summary>
    public static float[] Shapes(int count, ulong seed)
    {
        ShapesData shapes = new(ShapesEdition.First, seed);
        float[] pixels = new float[count * 3 * 32 * 32];
        for (int i = 0; i < count; i++)
        {
            _ = shapes.Read(i, pixels.AsSpan(i * 3 * 32 * 32, 3 * 32 * 32));
        }

        return pixels;
    }

    /// <summary>The bytes of values.</summary>
    public static byte[] Bytes(float[] values) => MemoryMarshal.AsBytes(values.AsSpan()).ToArray();

    /// <summary>The values of pixels as a picture stores them.</summary>
    public static byte[] Quantised(float[] pixels) => [.. pixels.Select(value => (byte)Math.Clamp((127.5f * value) + 128, 0, 255))];

    /// <summary>[N,C,H,W] to [N,H,W,C].</summary>
    public static T[] ChannelsLast<T>(T[] pixels, int size) => [.. Enumerable.Range(0, pixels.Length).Select(i =>
    {
        int image = i / (3 * size * size), rest = i % (3 * size * size);
        return pixels[(((image * 3) + (rest % 3)) * size * size) + (rest / 3)];
    })];

    /// <summary>The fields of a sweep's row that do not depend on the machine's pace.</summary>
    public static string Figures(string line) => string.Join(',', line.Split(',').Where((_, field) => field is not (>= 5 and <= 8)));

    /// <summary>A field of a row as a number.</summary>
    public static double Field(string line, int field) => double.Parse(line.Split(',')[field], CultureInfo.InvariantCulture);
}
