namespace L2c.Emulation;

/// <summary>What a kernel waits for most.</summary>
public enum Limiter
{
    /// <summary>Tensor cores; of a product without them fp32 arithmetic.</summary>
    Tensor,

    /// <summary>The special function unit.</summary>
    Special,

    /// <summary>Issue of instructions.</summary>
    Issue,

    /// <summary>Wavefronts of shared memory.</summary>
    Shared,

    /// <summary>The L2 cache.</summary>
    L2,

    /// <summary>Device memory.</summary>
    Memory,
}

/// <summary>The time of one launch as a bottleneck model predicts it: nothing of it is measured.</summary>
/// <param name="Seconds">From the end of what ran before, the gap included.</param>
/// <param name="Limiter">What takes longest.</param>
/// <param name="Floor">Seconds that the work takes at the least: operations at the rate of the library's best products, distinct bytes once through
/// memory; no gap.</param>
/// <param name="MemoryBytes">Bytes that reach device memory.</param>
/// <param name="L2Share">Share of the bytes asked for that L2 serves.</param>
/// <param name="Occupancy">Resident blocks; null for a product of the library.</param>
/// <param name="Parts">Seconds that each resource would take alone.</param>
public sealed record Prediction(
    double Seconds,
    Limiter Limiter,
    double Floor,
    double MemoryBytes,
    double L2Share,
    Occupancy? Occupancy,
    IReadOnlyDictionary<Limiter, double> Parts);

/// <summary>Predicts times from counts: the gap, and the longest of what each resource would take alone.</summary>
/// <remarks>
/// <para>Pipes of a multiprocessor: the busiest one has blocks / multiprocessors of the blocks, rounded up, and uses a pipe w / (w +
/// <see cref="GpuModel.HalfUseWarps"/>) of the time with w resident warps. L2 gives sectors, memory distinct bytes; what is read again comes from L2
/// as far as that holds the distinct bytes of the blocks that are resident together, since neighbours share. Whatever an earlier kernel has left in
/// L2 counts as gone.</para>
/// <para>Not modelled: latency, clocks that fall with power, L1 hits, partitions of L2, overlap of neighbouring kernels; throughput of the arithmetic
/// pipes: four warp instructions issue per clock whatever they are, though fp32 on sm_80, integers and conversions run at half of
/// that or less.</para>
/// </remarks>
public static class BottleneckModel
{
    private const double SectorBytes = 32;

    /// <summary>A kernel.</summary>
    /// <param name="gpu">The device.</param>
    /// <param name="counts">What the launch does.</param>
    /// <param name="registers">Of a thread; null where nobody knows: then occupancy may be lower than predicted.</param>
    /// <exception cref="ArgumentException">Not one block fits on a multiprocessor.</exception>
    public static Prediction Of(GpuModel gpu, KernelCounts counts, int? registers)
    {
        Occupancy occupancy = Occupancy.Of(gpu, counts.Threads, counts.SharedBytes, registers);
        if (occupancy.Blocks == 0)
        {
            throw new ArgumentException($"{counts.Kernel}: a block does not fit on a multiprocessor ({occupancy.Limit})", nameof(counts));
        }

        double hertz = gpu.Gigahertz * 1e9;
        double perMultiprocessor = Math.Ceiling((double)counts.Blocks / gpu.Multiprocessors);
        double warps = Math.Min(occupancy.Blocks, perMultiprocessor) * ((counts.Threads + 31) / 32);
        double share = perMultiprocessor / counts.Blocks;
        double busy = hertz * warps / (warps + GpuModel.HalfUseWarps);
        double asked = counts.Sectors.Touched * SectorBytes;
        double unique = Math.Min(asked, (counts.UniqueRead + counts.UniqueWritten) ?? asked);
        double together = unique * Math.Min(1, (double)occupancy.Blocks * gpu.Multiprocessors / counts.Blocks);
        double memory = unique + ((asked - unique) * Math.Max(0, 1 - (gpu.L2Bytes / Math.Max(together, 1))));
        Dictionary<Limiter, double> parts = new()
        {
            [Limiter.Tensor] = share * counts.Macs / (gpu.TensorMacsPerClock * gpu.MmaShare) / busy,
            [Limiter.Special] = share * counts.Special * 32 / GpuModel.SpecialLanesPerClock / busy,
            [Limiter.Issue] = share * counts.IssueSlots / GpuModel.IssuePerClock / busy,
            [Limiter.Shared] = share * counts.Wavefronts.Taken / busy,
            [Limiter.L2] = Math.Max(asked / gpu.L2Bandwidth, share * asked / GpuModel.PortBytesPerClock / hertz),
            [Limiter.Memory] = memory / gpu.MemoryBandwidth,
        };
        double floor = Math.Max(2 * counts.Macs / (gpu.TensorTflops * 1e12 * gpu.ProductShare), unique / gpu.MemoryBandwidth);
        return Close(parts, floor, memory, asked == 0 ? 0 : 1 - (memory / asked), occupancy);
    }

    /// <summary>A product of the library, from its sizes alone: waves of the tiles that take least, at the share of peak that is assumed of large
    /// products.</summary>
    /// <param name="gpu">The device.</param>
    /// <param name="product">The product.</param>
    public static Prediction Of(GpuModel gpu, MatmulLaunch product)
    {
        double flops = product.Flops, rate = product.Unit switch
        {
            MatmulUnit.Half => gpu.TensorTflops,
            MatmulUnit.Tf32 => gpu.TensorTflops / 2,
            _ => gpu.Fp32Tflops,
        } * 1e12 * gpu.ProductShare;
        (double waves, double read) = GpuModel.ProductTiles.Select(Tiles).MinBy(t => Math.Max(t.Seconds, t.Read / gpu.L2Bandwidth));
        Dictionary<Limiter, double> parts = new()
        {
            [Limiter.Tensor] = waves,
            [Limiter.L2] = read / gpu.L2Bandwidth,
            [Limiter.Memory] = product.MinimumBytes / gpu.MemoryBandwidth,
        };
        double floor = Math.Max(flops / rate, product.MinimumBytes / gpu.MemoryBandwidth);
        return Close(parts, floor, product.MinimumBytes, Math.Max(0, 1 - (product.MinimumBytes / read)), null);

        (double Seconds, double Read) Tiles((int Rows, int Columns) tile)
        {
            double count = Math.Ceiling((double)product.M / tile.Rows) * Math.Ceiling((double)product.N / tile.Columns) * product.Batch;
            double ofOne = 2.0 * tile.Rows * tile.Columns * product.K * gpu.Multiprocessors / rate;
            return (Math.Ceiling(count / gpu.Multiprocessors) * ofOne, count * (tile.Rows + tile.Columns) * product.K * product.ElementBytes);
        }
    }

    /// <summary>A copy within the device, or a fill.</summary>
    /// <param name="gpu">The device.</param>
    /// <param name="bytes">Read and written.</param>
    public static Prediction Of(GpuModel gpu, double bytes) => Close(
        new Dictionary<Limiter, double> { [Limiter.Memory] = bytes / gpu.MemoryBandwidth }, bytes / gpu.MemoryBandwidth, bytes, 0, null);

    private static Prediction Close(Dictionary<Limiter, double> parts, double floor, double memory, double l2Share, Occupancy? occupancy)
    {
        (Limiter limiter, double seconds) = parts.MaxBy(part => part.Value);
        return new Prediction(GpuModel.LaunchGap + seconds, limiter, floor, memory, l2Share, occupancy, parts);
    }
}
