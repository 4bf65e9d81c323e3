using L2c.Kernels;
using L2c.Weights.Layouts;

namespace L2c.Model.Networks;

/// <summary>Everything one forward pass writes between its input and its output. Blocks reuse the same buffers.</summary>
internal sealed class PassActivations
{
    private PassActivations(Arena arena, TransformerArchitecture a, int rows)
    {
        int t = a.Tokens, c = a.HiddenSize;
        Patches = arena.Take(rows, t, a.InChannels * a.PatchSize * a.PatchSize);
        X = arena.Take(rows, t, c);
        Normed = arena.Take(rows, t, c);
        Qkv = arena.Take(rows, t, 3 * c);
        Heads = arena.Take(rows, t, c);
        Hidden = arena.Take(rows, t, a.MlpWidth);
        Branch = arena.Take(rows, t, c);
        PatchOutputs = arena.Take(rows, t, a.PatchOutputs);
    }

    /// <summary>[B,T,C_in P P].</summary>
    internal Tensor Patches { get; }

    /// <summary>The residual stream, [B,T,C].</summary>
    internal Tensor X { get; }

    /// <summary>Input of a branch, [B,T,C].</summary>
    internal Tensor Normed { get; }

    /// <summary>[B,T,3C].</summary>
    internal Tensor Qkv { get; }

    /// <summary>Embedded patches until the first norm has added them, then attention before its output projection, [B,T,C].</summary>
    internal Tensor Heads { get; }

    /// <summary>Hidden layer of the MLP, [B,T,MLP width].</summary>
    internal Tensor Hidden { get; }

    /// <summary>Each branch's output before its gate where nothing reads it later, [B,T,C].</summary>
    /// <remarks>A branch writes it after its own norm, which has added what was pending: so one buffer serves all.</remarks>
    internal Tensor Branch { get; }

    /// <summary>[B,T,P P C_out].</summary>
    internal Tensor PatchOutputs { get; }

    /// <summary>Carves room for a batch.</summary>
    /// <param name="arena">The run's workspace.</param>
    /// <param name="architecture">The network.</param>
    /// <param name="rows">B: rows of the batch, both halves of guidance counted.</param>
    public static PassActivations Take(Arena arena, TransformerArchitecture architecture, int rows) => new(arena, architecture, rows);
}
