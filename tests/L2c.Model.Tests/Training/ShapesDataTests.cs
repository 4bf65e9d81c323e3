using System.Runtime.InteropServices;
using System.Security.Cryptography;
using L2c.Model.Training.Data;
using L2c.Testing.Golden;

namespace L2c.Model.Tests.Training;

public class ShapesDataTests
{
    private const int Values = ShapeRenderer.Channels * ShapeRenderer.Size * ShapeRenderer.Size;
    private const float Tolerance = 1e-5f;
    private const string LabelsOfSeed0 = "7 0 0 3 0 6 5 6 6 7 0 6 6 5 5 0 0 7 0 0 6 9 8 0 3 2 7 0 6 1 4 2";

    // SHA-256 of the first 32 pictures of seed 0: every class is among them.
    private const string FirstOfSeed0 = "f3577f69458cf1ad0cdc2f34e17c908c12cb3a1a6cad650b90948a96705348cc";
    private const string SecondOfSeed0 = "3b36838ef1c0937ccea11b90843a7682f1f3f92a6189b2364246d145998340fb";

    [Theory]
    [InlineData(ShapesEdition.First)]
    [InlineData(ShapesEdition.Second)]
    public void Every_shape_is_drawn_as_recorded(ShapesEdition edition)
    {
        (ShapeParameters[] shapes, float[] expected) = Recorded(edition);
        Assert.Equal(ShapesData.ClassNames.Count, shapes.Select(s => s.Label).Distinct().Count());
        for (int i = 0; i < shapes.Length; i++)
        {
            Assert.InRange(LargestError(edition, shapes[i], expected.AsSpan(i * Values, Values)), 0, Tolerance);
        }
    }

    [Theory]
    [InlineData(ShapesEdition.First)]
    [InlineData(ShapesEdition.Second)]
    public void The_tolerance_rejects_each_parameter_that_is_slightly_off_and_any_other_shape(ShapesEdition edition)
    {
        (ShapeParameters[] shapes, float[] expected) = Recorded(edition);
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
            Assert.All(faulty, f => Assert.True(LargestError(edition, f, expected.AsSpan(i * Values, Values)) > 10 * Tolerance, $"{f}"));
        }
    }

    [Fact]
    public void Editions_differ_in_hearts_and_bars_alone()
    {
        (ShapeParameters[] shapes, float[] first) = Recorded(ShapesEdition.First);
        (ShapeParameters[] same, float[] second) = Recorded(ShapesEdition.Second);
        Assert.Equal(shapes, same);
        for (int i = 0; i < shapes.Length; i++)
        {
            bool drawnAnew = ShapesData.ClassNames[shapes[i].Label] is "heart" or "bars";
            Assert.Equal(!drawnAnew, first.AsSpan(i * Values, Values).SequenceEqual(second.AsSpan(i * Values, Values)));
            Assert.Equal(drawnAnew, LargestError(ShapesEdition.First, shapes[i], second.AsSpan(i * Values, Values)) > 10 * Tolerance);
        }
    }

    [Fact]
    public void The_second_editions_hearts_are_upright_and_centred_and_its_bars_are_three()
    {
        ShapeParameters shape = new(7, 0.75f, 0, 0, 0, 0, 1, 1, 0, 0, 0); // red on black, as large as there are, not turned
        bool[] heart = Drawn(shape);
        Assert.All(Rows(heart), row => Assert.Equal(row, row.Reverse())); // symmetric about the axis
        int[] widths = [.. Rows(heart).Select(row => row.Count(on => on))];
        int top = Array.FindIndex(widths, w => w > 0), bottom = Array.FindLastIndex(widths, w => w > 0);
        Assert.InRange(top + bottom, 29, 33);                             // centred within a pixel: 31 is the middle
        Assert.True(widths[bottom] <= 2, "the point is below");
        Assert.True(Array.IndexOf(widths, widths.Max()) < (top + bottom) / 2, "the lobes are above");
        Assert.Equal(2, Runs(Rows(heart)[top + 1]));                      // with a notch between them

        bool[][] bars = Rows(Drawn(shape with { Label = 9 }));
        Assert.All(bars.Where(row => row.Any(on => on)), row => Assert.Equal(3, Runs(row)));
        Assert.Single(bars.Where(row => row.Any(on => on)).Select(row => string.Join("", row)).Distinct()); // no stray edge above or below

        static bool[] Drawn(ShapeParameters shape)
        {
            float[] image = new float[Values];
            ShapeRenderer.Render(ShapesEdition.Second, shape, image);
            return [.. image[..(ShapeRenderer.Size * ShapeRenderer.Size)].Select(red => red > -0.5f)]; // at least a quarter covered
        }

        static bool[][] Rows(bool[] pixels) => [.. pixels.Chunk(ShapeRenderer.Size)];

        static int Runs(bool[] row) => row.Where((on, i) => on && (i == 0 || !row[i - 1])).Count();
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

    [Theory]
    [InlineData(ShapesEdition.First, "shapes, seed 5")]
    [InlineData(ShapesEdition.Second, "shapes2, seed 5")]
    public void An_item_depends_on_seed_and_index_alone(ShapesEdition edition, string name)
    {
        ShapesData data = new(edition, 5);
        Assert.Equal((name, 3, 32, 10), (data.Name, data.Channels, data.Size, data.Classes));
        float[] first = new float[Values], again = new float[Values];
        int label = data.Read(1_000_000_007, first);
        _ = data.Read(3, again);
        Assert.NotEqual(first, again);
        Assert.Equal(label, new ShapesData(edition, 5).Read(1_000_000_007, again));
        Assert.Equal(first, again);
        Assert.Equal(ShapeParameters.Draw(5, 1_000_000_007).Label, label);

        // Every bit of both numbers counts.
        HashSet<ShapeParameters> distinct = [ShapeParameters.Draw(5, 7)];
        Assert.All(Enumerable.Range(0, 64), bit => Assert.True(distinct.Add(ShapeParameters.Draw(5 ^ (1UL << bit), 7)), $"seed bit {bit}"));
        Assert.All(Enumerable.Range(0, 63), bit => Assert.True(distinct.Add(ShapeParameters.Draw(5, 7 ^ (1L << bit))), $"index bit {bit}"));
        Assert.Throws<ArgumentOutOfRangeException>(() => ShapeParameters.Draw(0, -1));
    }

    [Theory]
    [InlineData(ShapesEdition.First, FirstOfSeed0)]
    [InlineData(ShapesEdition.Second, SecondOfSeed0)]
    public void Pictures_keep_their_bits(ShapesEdition edition, string pictures)
    {
        // What a seed names must not change: checkpoints tell their position in the data by a number only.
        float[] images = new float[32 * Values];
        ShapesData data = new(edition);
        int[] labels = [.. Enumerable.Range(0, 32).Select(i => data.Read(i, images.AsSpan(i * Values, Values)))];
        Assert.Equal(LabelsOfSeed0, string.Join(' ', labels));
        Assert.Equal(pictures, Convert.ToHexStringLower(SHA256.HashData(MemoryMarshal.AsBytes(images.AsSpan()))));
    }

    private static double[] Standardised(double[] values)
    {
        double mean = values.Average(), deviation = Math.Sqrt(values.Average(v => (v - mean) * (v - mean)));
        return Array.ConvertAll(values, v => (v - mean) / deviation);
    }

    private static float LargestError(ShapesEdition edition, ShapeParameters shape, ReadOnlySpan<float> expected)
    {
        Span<float> image = new float[Values];
        ShapeRenderer.Render(edition, shape, image);
        float largest = 0;
        for (int i = 0; i < Values; i++)
        {
            largest = Math.Max(largest, Math.Abs(image[i] - expected[i]));
        }

        return largest;
    }

    private static (ShapeParameters[] Shapes, float[] Images) Recorded(ShapesEdition edition)
    {
        using GoldenTensors recorded = new(TestData.Fixture(edition == ShapesEdition.First ? "shapes/pictures.safetensors" : "shapes/pictures2.safetensors"));
        return ([.. recorded.Floats("parameters").Chunk(11).Select(p =>
            new ShapeParameters((int)p[0], p[1], p[2], p[3], p[4], p[5], p[6], p[7], p[8], p[9], p[10]))], recorded.Floats("images"));
    }
}
