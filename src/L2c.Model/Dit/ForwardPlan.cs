using L2c.Kernels;
using L2c.Model.Caching;

namespace L2c.Model.Dit;

/// <summary>What becomes of one branch in one evaluation, and where its output is.</summary>
/// <param name="Action">Compute, reuse or drop.</param>
/// <param name="Output">[B,T,C]: where a computed output goes, or where a reused one lies; none when dropped.</param>
public readonly record struct BranchPlan(BranchAction Action, Tensor Output);

/// <summary>Everything that a forward pass is told about caching: resolved while the run is planned.</summary>
/// <param name="Evaluation">Number of the evaluation, for the ops' scope.</param>
/// <param name="Group">Modulations of the group that the evaluation belongs to.</param>
/// <param name="EvaluationInGroup">Which evaluation of the group this is.</param>
/// <param name="GroupSize">Evaluations of the group.</param>
/// <param name="Branches">Two per block.</param>
/// <param name="FuseSkips">Whether neighbouring residual additions share a pass over x.</param>
/// <param name="SkipUnusedNorms">Whether a branch that is not computed goes without its norm.</param>
public sealed record ForwardPlan(
    int Evaluation,
    DitModulations Group,
    int EvaluationInGroup,
    int GroupSize,
    BranchPlan[] Branches,
    bool FuseSkips = true,
    bool SkipUnusedNorms = true)
{
    /// <summary>A single evaluation that computes everything.</summary>
    /// <param name="modulations">A group of one.</param>
    /// <param name="activations">Whose branch buffer receives every output in turn.</param>
    /// <param name="blocks">Blocks of the network.</param>
    public static ForwardPlan Full(DitModulations modulations, DitActivations activations, int blocks) =>
        new(0, modulations, 0, 1, [.. Enumerable.Repeat(new BranchPlan(BranchAction.Compute, activations.Branch), 2 * blocks)]);

    /// <summary>A part of a block's modulation in this evaluation, [R, width].</summary>
    internal Tensor Modulation(int block, ModulationPart part) => Group.Part(EvaluationInGroup, block, part);

    /// <summary>The norm before a branch in this evaluation.</summary>
    /// <param name="block">The block.</param>
    /// <param name="part">A shift and scale.</param>
    internal Norm Norm(int block, ModulationPart part) => DitModulations.Modulated(Modulation(block, part));

    /// <summary>The norm before the final layer.</summary>
    internal Norm FinalNorm => DitModulations.Modulated(Group.Final(EvaluationInGroup));
}
