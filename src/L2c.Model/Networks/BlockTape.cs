using L2c.Kernels;
using L2c.Weights.Layouts;

namespace L2c.Model.Networks;

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
internal sealed record BlockTape(AttentionTape[] Attention, MlpTape[] Mlp, Tensor FinalX, Tensor FinalNormed, bool Recomputes)
{
    /// <summary>All blocks in the same memory: nothing is kept.</summary>
    /// <param name="a">The memory.</param>
    /// <param name="blocks">How many.</param>
    /// <param name="entering">Where the stream entering a block lies, by block; null for one place.</param>
    public static BlockTape Shared(PassActivations a, int blocks, Func<int, Tensor>? entering = null)
    {
        var attention = new AttentionTape(a.X, a.Normed, a.Qkv, a.Heads, a.Branch);
        var mlp = new MlpTape(a.X, a.Normed, default, a.Hidden, a.Branch);
        AttentionTape[] attentions = [.. Enumerable.Range(0, blocks).Select(b => entering is null ? attention : attention with { X = entering(b) })];
        return new BlockTape(attentions, [.. Enumerable.Repeat(mlp, blocks)], default, a.Normed, false);
    }

    /// <summary>Carves what a backward pass needs.</summary>
    /// <param name="arena">Where.</param>
    /// <param name="a">The network.</param>
    /// <param name="rows">B.</param>
    /// <param name="recomputes">Whether blocks share memory.</param>
    /// <param name="frozen">
    /// Scratch for the inputs of linear maps where weights are frozen; the first attention is then computed elsewhere. Null where they are trained.
    /// </param>
    public static BlockTape Take(Arena arena, TransformerArchitecture a, int rows, bool recomputes, PassActivations? frozen)
    {
        (var attentions, var mlps) = (new AttentionTape[a.Blocks], new MlpTape[a.Blocks]);
        int first = frozen is null ? 0 : 1;
        AttentionTape? attention = null;
        MlpTape? mlp = null;
        for (int block = 0; block < a.Blocks; block++)
        {
            attention = block < first ? null : (recomputes ? attention : null) ?? TakeAttention();
            mlp = (recomputes ? mlp : null) ?? TakeMlp();
            attentions[block] = attention is null ? new AttentionTape(default, default, default, default, Stream()) : attention with { X = Stream() };

            // What enters a block enters its MLP where there is no attention.
            mlps[block] = attention is null && recomputes ? mlp with { X = Stream() } : mlp;
        }

        return new BlockTape(attentions, mlps, Stream(), frozen?.Normed ?? Stream(), recomputes);

        Tensor Stream() => arena.Take(rows, a.Tokens, a.HiddenSize);

        Tensor Hidden() => arena.Take(rows, a.Tokens, a.MlpWidth);

        AttentionTape TakeAttention() =>
            new(default, frozen?.Normed ?? Stream(), arena.Take(rows, a.Tokens, 3 * a.HiddenSize), frozen?.Heads ?? Stream(), Stream());

        MlpTape TakeMlp() => new(Stream(), frozen?.Normed ?? Stream(), Hidden(), frozen?.Hidden ?? Hidden(), Stream());
    }
}
