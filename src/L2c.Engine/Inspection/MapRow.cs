using SkiaSharp;

namespace L2c;

/// <summary>What is drawn over a cell, so that it can be told from others without its colour.</summary>
internal enum CellMark
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>A cross.</summary>
    Cross,

    /// <summary>A stroke from corner to corner.</summary>
    Stroke,

    /// <summary>A level stroke.</summary>
    Dash,
}

/// <summary>How a branch of an evaluation is drawn.</summary>
/// <param name="Fill">Its colour.</param>
/// <param name="Mark">What is over it.</param>
internal readonly record struct MapCell(SKColor Fill, CellMark Mark = CellMark.None);

/// <summary>An evaluation.</summary>
/// <param name="Label">On its left.</param>
/// <param name="Cell">Its branches: 2b is the attention of block b, 2b + 1 its MLP.</param>
internal sealed record MapRow(string Label, Func<int, MapCell> Cell)
{
    /// <summary>Whether it is a thin line without label and side.</summary>
    public bool IsThin { get; init; }

    /// <summary>Length of the bar at its side, 0 to 1; null for no bar.</summary>
    public double? Share { get; init; }

    /// <summary>What is written at its side, a text per column.</summary>
    public IReadOnlyList<string> Side { get; init; } = [];
}
