using System.Runtime.InteropServices;
using System.Security.Cryptography;
using L2c.Model.Training.Data;
using L2c.Testing.Golden;

namespace L2c.Model.Tests.Training;

public class ShapesDataTests
{
    private const int Values = ShapeRenderer.Channels * ShapeRenderer.Size * ShapeRenderer.Size;
    private const float Tolerance = 1e-5f;
    private const string LabelsOfSeed0 = "7 0 0 3 0 6 5 6 6 7 0 6 6 5 5 0";
    private const string LastPictureOfSeed0 = "3e6a2c2421ad122520fd676bcfbcc697ef5219c8701f2a1a977800ed0f7d22e5";

    [Fact]
    public void Every_shape_is_drawn_as_recorded()
    {
        (ShapeParameters[] shapes, float[] expected) = Recorded();
        Assert.Equal(ShapesData.ClassNames.Count, shapes.Select(s => s.Label).Distinct().Count());
        for (int i = 0; i < shapes.Length; i++)
        {
            Assert.InRange(LargestError(shapes[i], expected.AsSpan(i * Values, Values)), 0, Tolerance);
        }
    }

    [Fact]
    public void The_tolerance_rejects_each_parameter_that_is_slightly_off_and_any_other_shape()
    {
        (ShapeParameters[] shapes, float[] expected) = Recorded();
        for (int i = 0; i < shapes.Length; i++)
        {
            ShapeParameters s = shapes[i];
            ShapeParameters[] faulty =
            [
                s with { Label = (s.Label + 1) % 10 }, s with { Radius = s.Radius + 0.001f }, s with { CentreX = s.CentreX + 0.001f },
                s with { CentreY = s.CentreY + 0.001f }, s with { Angle = s.Angle + 0.001f }, s with { Saturation = s.Saturation - 0.001f },
                s with { Brightness = s.Brightness - 0.001f }, s with { GroundSaturation = s.GroundSaturation + 0.001f },
                s with { GroundBrightness = s.GroundBrightness + 0.001f }, s with { GroundHue = s.GroundHue + 0.001f },
            ];
            Assert.All(faulty, f => Assert.True(LargestError(f, expected.AsSpan(i * Values, Values)) > 10 * Tolerance, $"{f}"));
        }
    }

    [Fact]
    public void Parameters_fill_their_ranges_evenly()
    {
        const int Count = 20_000;
        ShapeParameters[] all = [.. Enumerable.Range(0, Count).Select(i => ShapeParameters.Draw(3, i))];
        Check(s => s.Radius, 0.45, 0.75);
        Check(s => s.CentreX / (0.85f - s.Radius), -1, 1);
        Check(s => s.CentreY / (0.85f - s.Radius), -1, 1);
        Check(s => s.Angle, -Math.PI / 4, Math.PI / 4);
        Check(s => s.Hue, 0, 1);
        Check(s => s.Saturation, 0.6, 1);
        Check(s => s.Brightness, 0.8, 1);
        Check(s => (s.GroundHue - s.Hue + 1) % 1, 0.3, 0.7);
        Check(s => s.GroundSaturation, 0.2, 0.6);
        Check(s => s.GroundBrightness, 0.1, 0.4);
        Check(s => s.GroundHue, 0, 1);
        Assert.All(all.CountBy(s => s.Label), kind => Assert.InRange(kind.Value, 0.9 * Count / 10, 1.1 * Count / 10));
        Assert.Equal(Enumerable.Range(0, 10), all.Select(s => s.Label).Distinct().Order());

        // Deciles of a uniform hold 2000 +- 42 items each; five such deviations are allowed.
        void Check(Func<ShapeParameters, float> parameter, double low, double high)
        {
            int[] deciles = new int[10];
            foreach (ShapeParameters shape in all)
            {
                double share = (parameter(shape) - low) / (high - low);
                Assert.InRange(share, -1e-5, 1 + 1e-5);
                deciles[Math.Clamp((int)(10 * share), 0, 9)]++;
            }

            Assert.All(deciles, n => Assert.InRange(n, (Count / 10) - 215, (Count / 10) + 215));
        }
    }

    [Fact]
    public void Parameters_are_independent_of_each_other()
    {
        const int Count = 20_000;
        Func<ShapeParameters, double>[] parameters =
        [
            s => s.Label, s => s.Radius, s => s.CentreX / (0.85 - s.Radius), s => s.CentreY / (0.85 - s.Radius), s => s.Angle, s => s.Hue,
            s => s.Saturation, s => s.Brightness, s => (s.GroundHue - s.Hue + 1) % 1, s => s.GroundSaturation, s => s.GroundBrightness,
        ];
        double[][] columns = [.. parameters.Select(p => Standardised([.. Enumerable.Range(0, Count).Select(i => p(ShapeParameters.Draw(9, i)))]))];
        for (int a = 0; a < columns.Length; a++)
        {
            for (int b = 0; b < a; b++)
            {
                Assert.InRange(Math.Abs(columns[a].Zip(columns[b], (x, y) => x * y).Sum() / Count), 0, 5 / Math.Sqrt(Count));
            }
        }
    }

    [Fact]
    public void An_item_depends_on_seed_and_index_alone()
    {
        ShapesData data = new(5);
        Assert.Equal(("shapes, seed 5", 3, 32, 10), (data.Name, data.Channels, data.Size, data.Classes));
        float[] first = new float[Values], again = new float[Values];
        int label = data.Read(1_000_000_007, first);
        _ = data.Read(3, again);
        Assert.NotEqual(first, again);
        Assert.Equal(label, new ShapesData(5).Read(1_000_000_007, again));
        Assert.Equal(first, again);
        Assert.Equal(ShapeParameters.Draw(5, 1_000_000_007).Label, label);

        // Every bit of both numbers counts.
        HashSet<ShapeParameters> distinct = [ShapeParameters.Draw(5, 7)];
        Assert.All(Enumerable.Range(0, 64), bit => Assert.True(distinct.Add(ShapeParameters.Draw(5 ^ (1UL << bit), 7)), $"seed bit {bit}"));
        Assert.All(Enumerable.Range(0, 63), bit => Assert.True(distinct.Add(ShapeParameters.Draw(5, 7 ^ (1L << bit))), $"index bit {bit}"));
        Assert.Throws<ArgumentOutOfRangeException>(() => ShapeParameters.Draw(0, -1));
    }

    [Fact]
    public void Pictures_keep_their_bits()
    {
        // What a seed names must not change: checkpoints tell their position in the data by a number only.
        float[] image = new float[Values];
        ShapesData data = new(0);
        int[] labels = [.. Enumerable.Range(0, 16).Select(i => data.Read(i, image))];
        Assert.Equal(LabelsOfSeed0, string.Join(' ', labels));
        Assert.Equal(LastPictureOfSeed0, Convert.ToHexStringLower(SHA256.HashData(MemoryMarshal.AsBytes(image.AsSpan()))));
    }

    private static double[] Standardised(double[] values)
    {
        double mean = values.Average(), deviation = Math.Sqrt(values.Average(v => (v - mean) * (v - mean)));
        return Array.ConvertAll(values, v => (v - mean) / deviation);
    }

    private static float LargestError(ShapeParameters shape, ReadOnlySpan<float> expected)
    {
        Span<float> image = new float[Values];
        ShapeRenderer.Render(shape, image);
        float largest = 0;
        for (int i = 0; i < Values; i++)
        {
            largest = Math.Max(largest, Math.Abs(image[i] - expected[i]));
        }

        return largest;
    }

    private static (ShapeParameters[] Shapes, float[] Images) Recorded()
    {
        using GoldenTensors recorded = new(TestData.Fixture("shapes/pictures.safetensors"));
        return ([.. recorded.Floats("parameters").Chunk(11).Select(p =>
            new ShapeParameters((int)p[0], p[1], p[2], p[3], p[4], p[5], p[6], p[7], p[8], p[9], p[10]))], recorded.Floats("images"));
    }
}
