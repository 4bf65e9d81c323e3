namespace L2c.Emulation.Counting;

/// <summary>Blocks that stand for a grid, each with the number of blocks it stands for.</summary>
/// <remarks>Along each extent the first, the one in the middle and the last; the middle one stands for all between. So counts are
/// exact for a grid whose blocks do the same but at its edges; extents of up to three are counted in full.</remarks>
internal static class BlockSample
{
    public static IEnumerable<(long Block, double Weight)> Of(LaunchDimensions size) =>
        from z in Along(size.GridZ)
        from y in Along(size.GridY)
        from x in Along(size.GridX)
        select (Number(size, x.At, y.At, z.At), x.Weight * y.Weight * z.Weight);

    public static long Number(in LaunchDimensions size, long x, long y, long z) => (((z * size.GridY) + y) * size.GridX) + x;

    private static (long At, double Weight)[] Along(uint extent) =>
        extent <= 3 ? [.. Enumerable.Range(0, (int)extent).Select(i => ((long)i, 1.0))] : [(0, 1), (extent / 2, extent - 2.0), (extent - 1, 1)];
}
