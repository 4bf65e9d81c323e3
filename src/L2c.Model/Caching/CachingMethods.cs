using L2c.Model.Calibration;

namespace L2c.Model.Caching;

/// <summary>A way to fill a <see cref="CacheSchedule"/>: what it computes, where it comes from and what it costs.</summary>
/// <param name="Name">As people write it.</param>
/// <param name="Use">What to write to use it: an option, or a command that makes its schedule.</param>
/// <param name="Formula">What evaluations compute, and what stands for the rest. L: blocks, T: evaluations.</param>
/// <param name="Source">Paper, or where else it comes from.</param>
/// <param name="Kept">Memory at most, in outputs of one branch, [B,T,C].</param>
/// <param name="Traffic">Reads and writes beyond those of a run that computes everything, in outputs of one branch, per branch that is not computed. A
/// kept output that is read in a fresh one's place is none; n: branches of a replaced segment, whose outputs are not read.</param>
public sealed record CachingMethod(string Name, string Use, string Formula, string Source, string Kept, string Traffic);

/// <summary>Every caching method that there is. What help and manuals say of one is said here.</summary>
public static class CachingMethods
{
    private const string Own = "for comparison", Everything = "2L", NoBranches = "-1 + 1/n";

    /// <summary>All of them: rules of <see cref="ScheduleRule"/>, learned ones, calibrated ones.</summary>
    public static IReadOnlyList<CachingMethod> All { get; } =
    [
        new("none", "--cache none", "every evaluation computes every branch", "the network as published", "0", "0"),
        new(
            "Learning-to-Cache",
            "--router FILE; l2c train-router",
            "a branch of a cache evaluation is computed where sigmoid(logit) > threshold, else its latest output is reused; logits are learned",
            "Ma et al. 2024, arXiv 2406.01733",
            "branches that some cache evaluation reuses",
            "0"),
        new("all", "--cache all", "cache evaluations reuse every branch", "Ma et al. 2024, arXiv 2406.01733 (limit of a router)", Everything, "0"),
        new("interval", "--cache interval:N", "every N-th evaluation computes everything, the others reuse everything", Own, Everything, "0"),
        new(
            "FORA",
            "--cache fora:N",
            "as interval, counted back from the last evaluation, which computes everything as the first does",
            "Selvaraju et al. 2024, arXiv 2407.01425",
            Everything,
            "0"),
        new(
            "TaylorSeer",
            "--cache taylor:N:ORDER",
            "the first evaluation and every N-th from the second on compute everything, the others forecast: sum over q <= O of F_q d^q / q!, "
            + "F_q the q-th finite difference of refreshes, d the distance from the last; as weights of kept outputs",
            "Liu et al. 2025, arXiv 2503.06923",
            "2L (O + 1)",
            "O"),
        new(
            "TaylorSeer-Lite",
            "--cache taylor-lite:N:ORDER",
            "as TaylorSeer, over what all blocks together add to the stream",
            "Liu et al. 2025, arXiv 2503.06923",
            "O + 1",
            "-1 + (O + 1)/n"),
        new(
            "delta-DiT",
            "--cache delta-dit:N:BLOCKS:BOUND",
            "every N-th evaluation computes everything; before evaluation BOUND the others replace the last BLOCKS blocks by what these added then, "
            + "from it on the first BLOCKS",
            "Chen et al. 2024, arXiv 2406.01125",
            "2, or 1 where BOUND lies outside the run",
            NoBranches),
        new("random", "--cache random:P:SEED", "cache evaluations reuse each branch with probability P", Own, Everything, "0"),
        new("top", "--cache top:K", "cache evaluations reuse the branches of the last K blocks", Own, "2K", "0"),
        new("bottom", "--cache bottom:K", "cache evaluations reuse the branches of the first K blocks", Own, "2K", "0"),
        new(
            "DeepCache",
            "--cache deepcache:A-B",
            "cache evaluations reuse the branches of blocks A to B",
            "after Ma et al. 2023, arXiv 2312.00858, which does it for U-Nets",
            "2 (B - A + 1)",
            "0"),
        new("drop", "--cache drop:RULE", "what RULE would reuse contributes nothing", Own, "0", "-1"),
        new(
            "both",
            "--cache both:RULE",
            "as RULE; where both branches of a block are reused from the same evaluation, what they added is kept instead of two outputs",
            "for networks without gates, where it is the same (U-ViT)",
            "half of RULE's at best",
            "-1/2"),
        new(
            "SmoothCache",
            Calibrated<SmoothCache>(),
            "an attention or MLP is computed at s and reused for the largest r <= R whose calibrated error e(r, s) <= alpha; "
            + "e: mean over blocks of |Y(s) - Y(s+r)| / |Y(s+r)|",
            "Liu et al. 2024, arXiv 2411.10510",
            Everything,
            "0"),
        new(
            "TeaCache",
            Calibrated<TeaCache>(),
            "all blocks are replaced by what they added last while the sum of p(|m(s) - m(s-1)| / |m(s-1)|) < delta; "
            + "m: what the first branch reads, p: fitted polynomial of degree 4",
            "Liu et al. 2024, arXiv 2411.19108",
            "1",
            NoBranches),
        new(
            "MagCache",
            Calibrated<MagCache>(),
            "all blocks are replaced by what they added last while the sum of |1 - product of g| <= delta, K times at most; "
            + "g(s) = mean |r(s)| / |r(s-1)|, r: what the blocks add",
            "Ma et al. 2025, arXiv 2506.09045",
            "1",
            NoBranches),
        new(
            "EasyCache",
            Calibrated<EasyCache>(),
            "all blocks are replaced by what they added last while the sum of k |x(s) - x(s-1)| / |v| < tau; "
            + "k: change of the output v over that of the input x, as last computed. Published, v - x of the whole network is kept instead",
            "Zhou et al. 2025, arXiv 2507.02860",
            "1",
            NoBranches),
        new(
            "learned forecast",
            "l2c fit-forecast --cache SCHEDULE",
            "what SCHEDULE does not compute is the sum over k <= K of w_k F_k, the latest K outputs; "
            + "w: least squares on uncached runs, by evaluation and branch",
            "this project, after L2P, arXiv 2604.26365",
            "2L K",
            "K - 1"),
    ];

    private static string Calibrated<T>()
        where T : CalibrationMethod => $"l2c calibrate --method {CalibrationMethod.All.OfType<T>().Single().Name}";
}
