using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using L2c.Cli.Images;
using L2c.Cli.Output;
using L2c.Cli.Sampling;
using L2c.Model.Caching;
using L2c.Weights;

namespace L2c.Cli.Inspection;

/// <summary>The heat map evaluation x branch as a picture: PNG, or SVG of the same layout.</summary>
internal sealed class SchedulePlot
{
    private const int Scale = 2;
    private const int Gap = 8;
    private const int LineHeight = BitmapFont.GlyphHeight * Scale;
    private const int CharacterWidth = BitmapFont.Advance * Scale;
    private const int LargestCell = 12;
    private const int SideAimedAt = 8000;
    private const byte Ink = 40;
    private const string AxisTitle = "block: attention left, MLP right";

    private static readonly (string Name, uint Colour)[] _kinds =
        [("refresh", 0xB8C4D0), ("cache, computed", 0x1F5A96), ("reused", 0xF2B84B), ("dropped", 0xC23B3B)];

    private readonly List<(int X, int Y, int Width, int Height, uint Colour)> _boxes = [];
    private readonly List<(int X, int Y, string Text)> _texts = [];
    private readonly string _description;
    private int _width;
    private int _height;

    /// <summary>Lays the picture out.</summary>
    public SchedulePlot(InspectedSchedule inspected)
    {
        CacheSchedule schedule = inspected.Schedule;
        _description = JsonSerializer.Serialize(
            new { plot = "schedule", file = Path.GetFileName(inspected.File), inspected.Threshold, model = inspected.Network?.Name }, Terminal.Json);
        int cell = Math.Clamp(SideAimedAt / Math.Max(schedule.Evaluations, schedule.Branches), 2, LargestCell);
        int left = (Math.Max(4, Digits(schedule.Evaluations)) * CharacterWidth) + (2 * Gap), top = (3 * Gap) + (2 * LineHeight);
        Write(Gap, Gap, Units.Printable(Path.GetFileName(inspected.File)));
        int legend = Gap;
        foreach ((string name, uint colour) in _kinds.Where((_, kind) => kind != (schedule.DropsSkipped ? 2 : 3)))
        {
            Box(legend, (2 * Gap) + LineHeight, LineHeight, LineHeight, colour);
            Write(legend + LineHeight + Gap, (2 * Gap) + LineHeight, name);
            legend += LineHeight + (2 * Gap) + (name.Length * CharacterWidth);
        }

        Write(Gap, top, "evaluation");
        top += LineHeight + Gap;
        for (int e = 0; e < schedule.Evaluations; e++)
        {
            for (int b = 0; b < schedule.Branches; b++)
            {
                Box(left + (b * cell), top + (e * cell), cell - (cell > 4 ? 1 : 0), cell - (cell > 4 ? 1 : 0), _kinds[Kind(schedule, e, b)].Colour);
            }
        }

        int every = LabelStep(cell, LineHeight + 2);
        for (int e = 0; e < schedule.Evaluations; e += every)
        {
            Write(left - Gap - (Digits(e) * CharacterWidth), top + (e * cell) + ((cell - LineHeight) / 2), Number(e));
        }

        int below = top + (schedule.Evaluations * cell) + Gap, blocks = schedule.Branches / 2;
        every = LabelStep(2 * cell, (Digits(blocks) * CharacterWidth) + Gap);
        for (int block = 0; block < blocks; block += every)
        {
            Write(left + (2 * block * cell), below, Number(block));
        }

        Write(left, below + LineHeight + Gap, AxisTitle);
    }

    /// <summary>Fails if the picture could not be written under that name.</summary>
    /// <exception cref="UsageException">The extension is neither .png nor .svg, or the name is that of the file that is drawn.</exception>
    /// <exception cref="IOException">The file exists and may not be replaced, or its folder cannot be written to.</exception>
    public static void Prepare(string path, bool overwrite, string inspected)
    {
        if (!IsSvg(path) && !Path.GetExtension(path).Equals(".png", StringComparison.OrdinalIgnoreCase))
        {
            throw new UsageException($"--plot {path}: plots are PNG or SVG; name a .png or .svg file");
        }

        NamedFiles.Check([("--plot", path)], [inspected]);
        OutputTarget.CheckWritable(path, overwrite);
    }

    /// <summary>Writes the picture in the format of the extension.</summary>
    public void Write(string path, bool overwrite) => AtomicFile.Write(path, overwrite, stream =>
    {
        if (IsSvg(path))
        {
            stream.Write(Encoding.UTF8.GetBytes(ToSvg()));
        }
        else
        {
            PngWriter.Write(stream, Draw(), SampleParameters.Key, _description);
        }
    });

    private static bool IsSvg(string path) => Path.GetExtension(path).Equals(".svg", StringComparison.OrdinalIgnoreCase);

    private static int Kind(CacheSchedule schedule, int evaluation, int branch) => schedule.Action(evaluation, branch) switch
    {
        BranchAction.Reuse => 2,
        BranchAction.Drop => 3,
        _ => schedule.Role(evaluation) == EvaluationRole.Refresh ? 0 : 1,
    };

    /// <summary>The smallest of 1, 2, 5, 10, 20, ... cells that leaves a label its room.</summary>
    private static int LabelStep(int cell, int room)
    {
        for (int decade = 1; ; decade *= 10)
        {
            foreach (int step in (int[])[decade, 2 * decade, 5 * decade])
            {
                if (step * cell >= room)
                {
                    return step;
                }
            }
        }
    }

    private static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);

    private static int Digits(int value) => Number(value).Length;

    private RgbImage Draw()
    {
        RgbImage image = new(_width, _height);
        image.Fill(byte.MaxValue);
        foreach ((int x, int y, int width, int height, uint colour) in _boxes)
        {
            for (int row = y; row < y + height; row++)
            {
                for (int column = x; column < x + width; column++)
                {
                    Span<byte> pixel = image[column, row];
                    (pixel[0], pixel[1], pixel[2]) = ((byte)(colour >> 16), (byte)(colour >> 8), (byte)colour);
                }
            }
        }

        foreach ((int x, int y, string text) in _texts)
        {
            image.Write(text, x, y, Scale, Ink);
        }

        return image;
    }

    private string ToSvg()
    {
        StringBuilder svg = new();
        svg.Append(
            CultureInfo.InvariantCulture,
            $"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{_width}\" height=\"{_height}\" viewBox=\"0 0 {_width} {_height}\">\n");
        svg.Append(
            CultureInfo.InvariantCulture,
            $"<desc>{WebUtility.HtmlEncode(_description)}</desc>\n<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n");
        foreach ((int x, int y, int width, int height, uint colour) in _boxes)
        {
            svg.Append(CultureInfo.InvariantCulture, $"<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" fill=\"#{colour:x6}\"/>\n");
        }

        foreach ((int x, int y, string text) in _texts)
        {
            svg.Append(
                CultureInfo.InvariantCulture,
                $"<text x=\"{x}\" y=\"{y + LineHeight}\" font-family=\"monospace\" font-size=\"{LineHeight + Scale}\" fill=\"#282828\" ");
            svg.Append(CultureInfo.InvariantCulture, $"textLength=\"{text.Length * CharacterWidth}\">{WebUtility.HtmlEncode(text)}</text>\n");
        }

        return svg.Append("</svg>\n").ToString();
    }

    private void Box(int x, int y, int width, int height, uint colour)
    {
        _boxes.Add((x, y, width, height, colour));
        Cover(x + width, y + height);
    }

    private void Write(int x, int y, string text)
    {
        _texts.Add((x, y, text));
        Cover(x + (text.Length * CharacterWidth), y + LineHeight);
    }

    private void Cover(int right, int bottom) => (_width, _height) = (Math.Max(_width, right + Gap), Math.Max(_height, bottom + Gap));
}
