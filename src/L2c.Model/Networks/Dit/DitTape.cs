using L2c.Kernels;
using L2c.Weights.Layouts;

namespace L2c.Model.Networks.Dit;

/// <summary>What an attention branch writes; only the output where it is computed elsewhere.</summary>
/// <param name="X">The stream entering the norm, [B,T,C].</param>
/// <param name="Normed">Input of qkv, [B,T,C].</param>
/// <param name="Qkv">[B,T,3C].</param>
/// <param name="Heads">Input of the projection, [B,T,C].</param>
/// <param name="Output">Before the gate, [B,T,C], where nobody asks for it elsewhere.</param>
internal sealed record AttentionTape(Tensor X, Tensor Normed, Tensor Qkv, Tensor Heads, Tensor Output);

/// <summary>What an MLP branch writes.</summary>
/// <param name="X">The stream entering the norm, [B,T,C].</param>
/// <param name="Normed">Input of fc1, [B,T,C].</param>
/// <param name="Hidden">Before the activation, [B,T,MLP width]; none where nobody reads it, and the activation is part of the product.</param>
/// <param name="Activated">Input of fc2, [B,T,MLP width].</param>
/// <param name="Output">As an attention's.</param>
internal sealed record MlpTape(Tensor X, Tensor Normed, Tensor Hidden, Tensor Activated, Tensor Output);

/// <summary>Where a forward pass writes by block: one memory for all of them, or so much that a backward pass can follow.</summary>
/// <param name="Attention">By block.</param>
/// <param name="Mlp">By block.</param>
/// <param name="FinalX">The stream entering the last norm, [B,T,C]; none where nobody reads it.</param>
/// <param name="FinalNormed">Input of the final layer, [B,T,C].</param>
/// <param name="Recomputes">Whether a block's forward has to run again before its backward: only the stream entering it is its own.</param>
internal sealed record DitTape(AttentionTape[] Attention, MlpTape[] Mlp, Tensor FinalX, Tensor FinalNormed, bool Recomputes)
{
    /// <summary>All blocks in the same memory: nothing is kept.</summary>
    public static DitTape Shared(DitActivations a, int depth)
    {
        var attention = new AttentionTape(a.X, a.Normed, a.Qkv, a.Heads, a.Branch);
        var mlp = new MlpTape(a.X, a.Normed, default, a.Hidden, a.Branch);
        return new DitTape([.. Enumerable.Repeat(attention, depth)], [.. Enumerable.Repeat(mlp, depth)], default, a.Normed, false);
    }

    /// <summary>Carves what a backward pass needs.</summary>
    /// <param name="arena">Where.</param>
    /// <param name="a">The network.</param>
    /// <param name="rows">B.</param>
    /// <param name="recomputes">Whether blocks share memory.</param>
    /// <param name="frozen">
    /// Scratch for the inputs of linear maps where weights are frozen; the first attention is then computed elsewhere. Null where they are trained.
    /// </param>
    public static DitTape Take(Arena arena, DitArchitecture a, int rows, bool recomputes, DitActivations? frozen)
    {
        (var attentions, var mlps) = (new AttentionTape[a.Depth], new MlpTape[a.Depth]);
        int first = frozen is null ? 0 : 1;
        AttentionTape? attention = null;
        MlpTape? mlp = null;
        for (int block = 0; block < a.Depth; block++)
        {
            attention = block < first ? null : (recomputes ? attention : null) ?? TakeAttention();
            mlp = (recomputes ? mlp : null) ?? TakeMlp();
            attentions[block] = attention is null ? new AttentionTape(default, default, default, default, Stream()) : attention with { X = Stream() };

            // What enters a block enters its MLP where there is no attention.
            mlps[block] = attention is null && recomputes ? mlp with { X = Stream() } : mlp;
        }

        return new DitTape(attentions, mlps, Stream(), frozen?.Normed ?? Stream(), recomputes);

        Tensor Stream() => arena.Take(rows, a.Tokens, a.HiddenSize);

        Tensor Hidden() => arena.Take(rows, a.Tokens, a.MlpWidth);

        AttentionTape TakeAttention() =>
            new(default, frozen?.Normed ?? Stream(), arena.Take(rows, a.Tokens, 3 * a.HiddenSize), frozen?.Heads ?? Stream(), Stream());

        MlpTape TakeMlp() => new(Stream(), frozen?.Normed ?? Stream(), Hidden(), frozen?.Hidden ?? Hidden(), Stream());
    }
}
