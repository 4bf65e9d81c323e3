using L2c.Kernels;
using L2c.Weights.Layouts;

namespace L2c.Model.Dit;

/// <summary>What the backward pass reads of an attention branch; only the output where the branch was computed elsewhere.</summary>
/// <param name="X">The stream entering the norm, [B,T,C].</param>
/// <param name="Normed">Input of qkv, [B,T,C].</param>
/// <param name="Qkv">[B,T,3C].</param>
/// <param name="Heads">Input of the projection, [B,T,C].</param>
/// <param name="Output">Before blending and gate, [B,T,C].</param>
internal sealed record AttentionTape(Tensor X, Tensor Normed, Tensor Qkv, Tensor Heads, Tensor Output);

/// <summary>What the backward pass reads of an MLP branch.</summary>
/// <param name="X">The stream entering the norm, [B,T,C].</param>
/// <param name="Normed">Input of fc1, [B,T,C].</param>
/// <param name="Hidden">Before the activation, [B,T,MLP width].</param>
/// <param name="Activated">Input of fc2, [B,T,MLP width].</param>
/// <param name="Output">Before blending and gate, [B,T,C].</param>
internal sealed record MlpTape(Tensor X, Tensor Normed, Tensor Hidden, Tensor Activated, Tensor Output);

/// <summary>
/// What a forward pass keeps for the backward pass. With recomputation only the stream entering each block is a block's own, the rest is one memory
/// for all.
/// </summary>
internal sealed class DitTape
{
    private DitTape(Arena arena, DitArchitecture a, int rows, bool recomputes, DitActivations? scratch)
    {
        (Recomputes, Attention, Mlp) = (recomputes, new AttentionTape[a.Depth], new MlpTape[a.Depth]);
        int first = scratch is null ? 0 : 1;
        AttentionTape? attention = null;
        MlpTape? mlp = null;
        for (int block = 0; block < a.Depth; block++)
        {
            attention = block < first ? null : (recomputes ? attention : null) ?? TakeAttention();
            mlp = (recomputes ? mlp : null) ?? TakeMlp();
            Attention[block] = attention is null ? new AttentionTape(default, default, default, default, Stream()) : attention with { X = Stream() };

            // What enters a block enters its MLP where there is no attention.
            Mlp[block] = attention is null && recomputes ? mlp with { X = Stream() } : mlp;
        }

        FinalX = Stream();
        FinalNormed = scratch?.Normed ?? Stream();

        Tensor Stream() => arena.Take(rows, a.Tokens, a.HiddenSize);

        Tensor Hidden() => arena.Take(rows, a.Tokens, a.MlpWidth);

        AttentionTape TakeAttention() =>
            new(default, scratch?.Normed ?? Stream(), arena.Take(rows, a.Tokens, 3 * a.HiddenSize), scratch?.Heads ?? Stream(), Stream());

        MlpTape TakeMlp() => new(Stream(), scratch?.Normed ?? Stream(), Hidden(), scratch?.Hidden ?? Hidden(), Stream());
    }

    /// <summary>By block.</summary>
    public AttentionTape[] Attention { get; }

    /// <summary>By block.</summary>
    public MlpTape[] Mlp { get; }

    /// <summary>The stream entering the last norm, [B,T,C].</summary>
    public Tensor FinalX { get; }

    /// <summary>Input of the final layer, [B,T,C].</summary>
    public Tensor FinalNormed { get; }

    /// <summary>Whether a block's forward has to run again before its backward.</summary>
    public bool Recomputes { get; }

    /// <summary>Carves a tape for training the weights: the inputs of all linear maps are kept.</summary>
    /// <param name="arena">Where.</param>
    /// <param name="a">The network.</param>
    /// <param name="rows">B.</param>
    /// <param name="recomputes">Whether blocks share memory.</param>
    public static DitTape ForWeights(Arena arena, DitArchitecture a, int rows, bool recomputes) => new(arena, a, rows, recomputes, null);

    /// <summary>Carves a tape for frozen weights: the inputs of linear maps live in the scratch, and the first attention is computed
    /// elsewhere.</summary>
    /// <param name="arena">Where.</param>
    /// <param name="a">The network.</param>
    /// <param name="scratch">Buffers for as many rows.</param>
    /// <param name="rows">B.</param>
    /// <param name="recomputes">Whether blocks share memory.</param>
    public static DitTape ForRouters(Arena arena, DitArchitecture a, DitActivations scratch, int rows, bool recomputes) =>
        new(arena, a, rows, recomputes, scratch);
}
