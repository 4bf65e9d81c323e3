using L2c.Kernels;
using L2c.Model.Caching;
using L2c.Model.Training;
using L2c.Weights.Layouts;

namespace L2c.Model.Networks.Dit;

/// <summary>Memory of a DiT's evaluations: times and labels, modulations by group, activations, and a tape for a backward pass.</summary>
internal sealed class DitMemory : NetworkMemory
{
    private readonly TimestepEmbedding _sinusoid = new(DitWeights.TimeWidth);
    private readonly float[] _timeEmbedding;

    public DitMemory(Arena arena, DitArchitecture a, NetworkNeeds needs)
        : base(needs)
    {
        var ledger = new TrainingMemory.Ledger(arena);
        bool forWeights = needs.Gradients == GradientsOf.Weights;
        GroupSize = SizeOfGroup(a, needs, arena.StorageType);
        int[] groups = [.. Enumerable.Range(0, Groups).Select(g => Math.Min(GroupSize, needs.Evaluations - (g * GroupSize)))];
        Labels = ledger.Take("modulations", memory => memory.Take(DType.I32, needs.ConditionRows));
        TimeEmbedding = ledger.Take("modulations", memory => memory.Take(needs.Times, _sinusoid.Width));
        Modulations = ledger.Take("modulations", memory => DitModulations.Take(
            memory, a, groups, needs.ConditionRows, needs.TimePerRow ? needs.Rows : groups[0], needs.Tapped || forWeights, forWeights, Needs));
        Gradients = forWeights ? ledger.Take("gradients of modulations", memory => DitModulationGradients.Take(memory, a, needs.Rows)) : null;
        Activations = ledger.Take("activations", memory => PassActivations.Take(memory, a, needs.Rows));
        Shared = BlockTape.Shared(Activations, a.Depth);
        Tape = needs.Gradients == GradientsOf.Nothing ? null : ledger.Take("kept for the backward pass", memory =>
            BlockTape.Take(memory, a, needs.Rows, needs.Recomputes, forWeights ? null : Activations));
        Parts = ledger.Parts;
        _timeEmbedding = new float[TimeEmbedding.Shape.Count];

        bool Needs(int group, int evaluation, int block, ModulationPart part) =>
            needs.Schedule is not { } schedule || !needs.Switches.SkipUnused
            || (schedule.Action((group * GroupSize) + evaluation, part.Branch(block)) switch
            {
                BranchAction.Compute => true,
                BranchAction.Drop or BranchAction.Segment => false,
                _ => part.IsGate(),
            });
    }

    /// <inheritdoc/>
    public override Tensor Labels { get; }

    /// <summary>[times, 256].</summary>
    public Tensor TimeEmbedding { get; }

    /// <summary>By group, in shared memory.</summary>
    public DitModulations[] Modulations { get; }

    /// <summary>Of the one group; null where weights are frozen.</summary>
    public DitModulationGradients? Gradients { get; }

    /// <summary>Scratch of both passes.</summary>
    public PassActivations Activations { get; }

    /// <summary>Where a forward pass writes that nothing follows.</summary>
    public BlockTape Shared { get; }

    /// <summary>Where one writes that a backward pass follows; null where none does.</summary>
    public BlockTape? Tape { get; }

    /// <inheritdoc/>
    public override int GroupSize { get; }

    /// <inheritdoc/>
    public override IReadOnlyList<MemoryPart> Parts { get; }

    /// <summary>Where the blocks of a pass write.</summary>
    public BlockTape Blocks(bool hasBackward) => hasBackward ? Tape! : Shared;

    /// <inheritdoc/>
    public override Tensor Output(int branch, bool hasBackward)
    {
        BlockTape blocks = Blocks(hasBackward);
        return branch % 2 == 0 ? blocks.Attention[branch / 2].Output : blocks.Mlp[branch / 2].Output;
    }

    /// <inheritdoc/>
    public override void UploadConstants(Device device) => Array.ForEach(Modulations, group => group.UploadIndices(device));

    /// <inheritdoc/>
    public override void SetTimes(Device device, ReadOnlySpan<float> times)
    {
        _sinusoid.Fill(times, _timeEmbedding);
        device.Upload(TimeEmbedding, _timeEmbedding);
    }

    /// <summary>Evaluations whose modulations fit the limit, and so make a group.</summary>
    private static int SizeOfGroup(DitArchitecture a, NetworkNeeds needs, DType storage)
    {
        if (!needs.Switches.ModulationsAhead)
        {
            return 1;
        }

        // Per row: six vectors a block, two at the end, c's SiLU and its gathered copy.
        long bytesPerEvaluation = (long)needs.ConditionRows * a.HiddenSize * ((6 * a.Depth) + 4) * storage.Size();
        return (int)Math.Clamp(needs.Switches.ModulationLimitBytes / bytesPerEvaluation, 1, needs.Evaluations);
    }
}
