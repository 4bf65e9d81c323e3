using L2c.Kernels;
using L2c.Weights.Layouts;

namespace L2c.Model.Dit;

/// <summary>What a student blends its branches with, and where the gradients of the blending weights go.</summary>
/// <param name="Outputs">By branch, [B,T,C]: what the refresh evaluation computed.</param>
/// <param name="Weights">[branches, 1] F32: w, read at replay time.</param>
/// <param name="WeightGradients">[branches, B T] F32: shares of d loss / d w, to be added up by the host.</param>
internal sealed record CachedBranches(Tensor[] Outputs, Tensor Weights, Tensor WeightGradients)
{
    /// <summary>Carves room.</summary>
    public static CachedBranches Take(Arena arena, DitArchitecture a, int rows)
    {
        int branches = 2 * a.Depth;
        return new CachedBranches(
            [.. Enumerable.Range(0, branches).Select(_ => arena.Take(rows, a.Tokens, a.HiddenSize))],
            arena.Take(DType.F32, branches, 1),
            arena.Take(DType.F32, branches, rows * a.Tokens));
    }

    /// <summary>w of a branch, [1].</summary>
    public Tensor Weight(int branch) => Weights.SliceRows(branch, 1);

    /// <summary>Shares of a branch's d loss / d w, [1, B T].</summary>
    public Tensor WeightGradient(int branch) => WeightGradients.SliceRows(branch, 1);
}
