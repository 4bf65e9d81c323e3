namespace L2c.Kernels;

/// <summary>Extents of a tensor of one to four axes, outermost first. A value: comparing and copying allocates nothing.</summary>
public readonly record struct Shape
{
    private readonly int _d0, _d1, _d2, _d3;

    /// <summary>Creates a shape of 1 to 4 axes.</summary>
    /// <param name="extents">Extents, outermost first, each at least 1.</param>
    /// <exception cref="ArgumentException">Not 1 to 4 axes, or an extent below 1.</exception>
    public Shape(params ReadOnlySpan<int> extents)
    {
        if (extents.Length is < 1 or > 4)
        {
            throw new ArgumentException($"Shape: {extents.Length} axes, expected 1 to 4", nameof(extents));
        }

        foreach (int extent in extents)
        {
            if (extent < 1)
            {
                throw new ArgumentException($"Shape: extent {extent} is below 1", nameof(extents));
            }
        }

        Rank = extents.Length;
        _d0 = extents[0];
        _d1 = Rank > 1 ? extents[1] : 1;
        _d2 = Rank > 2 ? extents[2] : 1;
        _d3 = Rank > 3 ? extents[3] : 1;
    }

    /// <summary>Number of axes.</summary>
    public int Rank { get; }

    /// <summary>Extent of an axis, counted from the outermost.</summary>
    public int this[int axis] => (uint)axis >= (uint)Rank
        ? throw new ArgumentOutOfRangeException(nameof(axis), axis, $"shape {this} has {Rank} axes")
        : axis switch { 0 => _d0, 1 => _d1, 2 => _d2, _ => _d3 };

    /// <summary>Number of elements.</summary>
    public long Count => (long)_d0 * _d1 * _d2 * _d3;

    /// <summary>Extent of the innermost axis.</summary>
    public int Columns => this[Rank - 1];

    /// <summary>Product of all extents but the innermost.</summary>
    public int Rows => checked((int)(Count / Columns));

    /// <summary>As <c>[2, 256, 1152]</c>.</summary>
    public override string ToString() => Rank switch
    {
        0 => "[]",
        1 => $"[{_d0}]",
        2 => $"[{_d0}, {_d1}]",
        3 => $"[{_d0}, {_d1}, {_d2}]",
        _ => $"[{_d0}, {_d1}, {_d2}, {_d3}]",
    };
}
