namespace L2c.Emulation.Counting;

/// <summary>How many distinct bytes a grid touches, from those of a few blocks.</summary>
/// <remarks>
/// The first block's bytes are looked for in other blocks: at distances of 1, 2, 4, ... along each extent, and along that of a flat grid at sixteen
/// places more. A byte that is still there at a distance and not at the next is taken to be touched by as many neighbours as the next distance; one
/// that is found at a share of all places, by that share of all blocks. Every byte then stands for blocks / (blocks that touch it) bytes of the grid.
/// Exact where blocks share all, nothing or runs of a power of two.
/// </remarks>
internal sealed class UniqueBytes(LaunchDimensions size, Func<long, (TouchedBytes Read, TouchedBytes Written)> run)
{
    private const int Places = 16;
    private const double GoldenRatio = 0.6180339887498949;

    /// <summary>Bytes that the grid reads and writes.</summary>
    public (double Read, double Written) Estimate()
    {
        (TouchedBytes read, TouchedBytes written) = run(0);
        (uint Extent, int Axis)[] axes = [.. new[] { (size.GridX, 0), (size.GridY, 1), (size.GridZ, 2) }.Where(axis => axis.Item1 > 1)];
        List<Probe> probes = [];
        List<(TouchedBytes Read, TouchedBytes Written)> sets = [];
        foreach ((uint extent, int axis) in axes)
        {
            for (long distance = 1; distance < extent; distance *= 2)
            {
                Look(axis, distance, isPlace: false);
            }

            for (int i = 1; axes.Length == 1 && extent > Places && i <= Places; i++)
            {
                Look(axis, 1 + (long)((extent - 1) * (i * GoldenRatio % 1)), isPlace: true);
            }
        }

        double Weight(ulong membership) => axes.Aggregate(1.0, (weight, axis) => weight * Copies(axis.Extent, axis.Axis, probes, membership));
        return (read.Sum([.. sets.Select(s => s.Read)], Weight), written.Sum([.. sets.Select(s => s.Written)], Weight));

        void Look(int axis, long at, bool isPlace)
        {
            probes.Add(new Probe(axis, at, isPlace));
            sets.Add(run(axis switch
            {
                0 => BlockSample.Number(size, at, 0, 0),
                1 => BlockSample.Number(size, 0, at, 0),
                _ => BlockSample.Number(size, 0, 0, at),
            }));
        }
    }

    // Blocks along an extent for each one that has the byte.
    private static double Copies(uint extent, int axis, List<Probe> probes, ulong membership)
    {
        double sharing = extent;
        (int places, int found) = (0, 0);
        for (int i = 0; i < probes.Count; i++)
        {
            bool has = (membership >> i & 1) != 0;
            if (probes[i].Axis != axis)
            {
                continue;
            }

            if (probes[i].IsPlace)
            {
                places++;
                found += has ? 1 : 0;
            }
            else if (!has)
            {
                sharing = Math.Min(sharing, probes[i].At);
            }
        }

        return extent / Math.Max(sharing, places == 0 ? 1 : (double)extent * found / places);
    }

    private readonly record struct Probe(int Axis, long At, bool IsPlace);
}
