using System.Globalization;
using System.Text.Json;
using L2c.Model.Caching;
using L2c.Weights;
using static L2c.PlotCanvas;

namespace L2c;

/// <summary>The heat map evaluation x branch of a schedule as a picture: PNG, or SVG of the same layout.</summary>
public sealed class SchedulePlot
{
    private const int MaxCell = 12;
    private const int SideAimedAt = 8000;
    private const string AxisTitle = "block: attention left, MLP right";

    private static readonly (string Name, uint Colour)[] _kinds =
        [("refresh", 0xB8C4D0), ("cache, computed", 0x1F5A96), ("reused", 0xF2B84B), ("dropped", 0xC23B3B), ("forecast", 0x4C9F70)];

    private readonly PlotCanvas _canvas = new();
    private readonly string _description;

    /// <summary>Lays the picture out.</summary>
    public SchedulePlot(InspectedSchedule inspected)
    {
        CacheSchedule schedule = inspected.Schedule;
        _description = JsonSerializer.Serialize(
            new { plot = "schedule", file = Path.GetFileName(inspected.File), inspected.Threshold, model = inspected.Network?.Name },
            ReportJson.Options);
        int cell = Math.Clamp(SideAimedAt / Math.Max(schedule.Evaluations, schedule.Branches), 2, MaxCell);
        int left = (Math.Max(4, Digits(schedule.Evaluations)) * CharacterWidth) + (2 * Gap), top = (3 * Gap) + (2 * LineHeight);
        _canvas.Write(Gap, Gap, FileText.Printable(Path.GetFileName(inspected.File)));
        int legend = Gap;
        HashSet<int> kinds = [0, 1, .. schedule.ComputesAll ? [2] : Kinds(schedule)];
        foreach ((string name, uint colour) in _kinds.Where((_, kind) => kinds.Contains(kind)))
        {
            _canvas.Box(legend, (2 * Gap) + LineHeight, LineHeight, LineHeight, colour);
            _canvas.Write(legend + LineHeight + Gap, (2 * Gap) + LineHeight, name);
            legend += LineHeight + (2 * Gap) + (name.Length * CharacterWidth);
        }

        _canvas.Write(Gap, top, "evaluation");
        top += LineHeight + Gap;
        for (int e = 0; e < schedule.Evaluations; e++)
        {
            for (int b = 0; b < schedule.Branches; b++)
            {
                int side = cell - (cell > 4 ? 1 : 0);
                _canvas.Box(left + (b * cell), top + (e * cell), side, side, _kinds[Kind(schedule, e, b)].Colour);
            }
        }

        int every = LabelStep(cell, LineHeight + 2);
        for (int e = 0; e < schedule.Evaluations; e += every)
        {
            _canvas.Write(left - Gap - (Digits(e) * CharacterWidth), top + (e * cell) + ((cell - LineHeight) / 2), Number(e));
        }

        int below = top + (schedule.Evaluations * cell) + Gap, blocks = schedule.Branches / 2;
        every = LabelStep(2 * cell, (Digits(blocks) * CharacterWidth) + Gap);
        for (int block = 0; block < blocks; block += every)
        {
            _canvas.Write(left + (2 * block * cell), below, Number(block));
        }

        _canvas.Write(left, below + LineHeight + Gap, AxisTitle);
    }

    /// <summary>Whether a file name asks for a format that plots are written in: .png or .svg.</summary>
    public static bool IsPlotName(string path) => IsSvg(path) || Path.GetExtension(path).Equals(".png", StringComparison.OrdinalIgnoreCase);

    /// <summary>Writes the picture in the format of the extension.</summary>
    public void Write(string path, bool overwrite) => _canvas.Save(path, _description, overwrite);

    private static IEnumerable<int> Kinds(CacheSchedule schedule) =>
        from e in Enumerable.Range(0, schedule.Evaluations)
        from b in Enumerable.Range(0, schedule.Branches)
        select Kind(schedule, e, b);

    private static int Kind(CacheSchedule schedule, int evaluation, int branch) => schedule.Action(evaluation, branch) switch
    {
        BranchAction.Reuse => 2,
        BranchAction.Drop => 3,
        BranchAction.Forecast => 4,
        _ => schedule.Role(evaluation) == EvaluationRole.Refresh ? 0 : 1,
    };

    private static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);

    private static int Digits(int value) => Number(value).Length;
}
