using L2c.Emulation.Instructions;
using L2c.Emulation.Parsing;

namespace L2c.Emulation.Decoding;

/// <summary>Barriers, fences, shuffles and votes.</summary>
internal static class SynchronisationDecoder
{
    public static Op Decode(Operands operands)
    {
        switch (operands.Opcode)
        {
            case "bar.sync" or "bar.cta.sync" or "barrier.sync" or "barrier.cta.sync" or "barrier.sync.aligned" or "barrier.cta.sync.aligned":
                operands.RequireCount(1, 2);
                return new BlockBarrier(operands.Source(0, 32), operands.Count == 2 ? operands.Source(1, 32) : null);
            case "bar.warp.sync":
                operands.RequireCount(1, 1);
                return new WarpBarrier(operands.Source(0, 32));
            case "activemask.b32":
                operands.RequireCount(1, 1);
                return new ActiveMask(operands.Result(0, 32));
            case "membar.cta" or "membar.gl" or "membar.sys" or "fence.acq_rel.cta" or "fence.acq_rel.gpu" or "fence.acq_rel.sys"
                or "fence.sc.cta" or "fence.sc.gpu" or "fence.sc.sys":
                operands.RequireCount(0, 0);
                return new NoOperation();
        }

        return operands.Parts[0] switch
        {
            "shfl" => Shuffle(operands),
            "vote" => Vote(operands),
            _ => throw operands.Unknown(),
        };
    }

    private static Shuffle Shuffle(Operands operands)
    {
        ShuffleMode mode = operands.Opcode switch
        {
            "shfl.sync.up.b32" => ShuffleMode.Up,
            "shfl.sync.down.b32" => ShuffleMode.Down,
            "shfl.sync.bfly.b32" => ShuffleMode.Butterfly,
            "shfl.sync.idx.b32" => ShuffleMode.Index,
            _ => throw operands.Unknown(),
        };
        operands.RequireCount(5, 5);
        PairOperand? pair = operands[0] as PairOperand;
        return new Shuffle(
            mode,
            operands.Result(pair is null ? operands[0] : new NameOperand(pair.First), 32),
            pair is null ? null : operands.PredicateRegister(pair.Second),
            operands.Source(1, 32),
            operands.Source(2, 32),
            operands.Source(3, 32),
            operands.Source(4, 32));
    }

    private static Vote Vote(Operands operands)
    {
        VoteMode mode = operands.Opcode switch
        {
            "vote.sync.all.pred" => VoteMode.All,
            "vote.sync.any.pred" => VoteMode.Any,
            "vote.sync.uni.pred" => VoteMode.Uniform,
            "vote.sync.ballot.b32" => VoteMode.Ballot,
            _ => throw operands.Unknown(),
        };
        operands.RequireCount(3, 3);
        Register d = mode == VoteMode.Ballot ? operands.Result(0, 32) : operands.PredicateResult(0);
        return new Vote(mode, d, operands.Predicate(1), operands.Source(2, 32));
    }
}
