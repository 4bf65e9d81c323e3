using L2c.Kernels;

namespace L2c;

/// <summary>Some ops of a run together. Rates are null where there is nothing to divide.</summary>
/// <param name="Calls">Ops.</param>
/// <param name="Ms">Sum of the ops' median times.</param>
/// <param name="Share">Of the time of all ops, 0..1.</param>
/// <param name="Flops">Floating-point operations of matrix products, two per multiply-add.</param>
/// <param name="Gflops">10^9 of them per second; null where there are none.</param>
/// <param name="ShareOfPeak">Of the peak that was measured: of multiply-adds on the CPU, of large matrix products on CUDA.</param>
/// <param name="Bytes">Read and written if every operand passes once.</param>
/// <param name="GbPerSecond">10^9 of them per second.</param>
public sealed record ProfileRow(
    int Calls, double Ms, double Share, long Flops, double? Gflops, double? ShareOfPeak, long Bytes, double? GbPerSecond)
{
    /// <summary>Adds up.</summary>
    /// <param name="ops">Each with its median time in milliseconds.</param>
    /// <param name="allMs">Time of all ops of the run.</param>
    /// <param name="peakGflops">The measured peak.</param>
    public static ProfileRow Of(IReadOnlyCollection<(OpInfo Op, double Ms)> ops, double allMs, double peakGflops)
    {
        double ms = ops.Sum(o => o.Ms);
        long flops = ops.Sum(o => o.Op.Flops), bytes = ops.Sum(o => o.Op.Bytes);
        double? gflops = flops == 0 || ms == 0 ? null : flops / ms / 1e6;
        return new ProfileRow(
            ops.Count, ms, allMs == 0 ? 0 : ms / allMs, flops, gflops, gflops / peakGflops, bytes, ms == 0 ? null : bytes / ms / 1e6);
    }
}

/// <summary>Ops of one kind in one part of the network.</summary>
/// <param name="Op">As the engine calls it.</param>
/// <param name="Place">See <see cref="OpPlace"/>.</param>
/// <param name="Total">Their sum.</param>
public sealed record KindRow(string Op, string Place, ProfileRow Total);

/// <summary>Ops of one evaluation.</summary>
/// <param name="Evaluation">Its number; -1 for modulations computed ahead for several evaluations.</param>
/// <param name="Computed">Branches that it computes.</param>
/// <param name="Skipped">Branches that it reuses or drops.</param>
/// <param name="Total">Their sum.</param>
public sealed record EvaluationRow(int Evaluation, int Computed, int Skipped, ProfileRow Total);
