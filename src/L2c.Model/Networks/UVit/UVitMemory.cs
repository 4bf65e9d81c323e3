using L2c.Kernels;
using L2c.Model.Training;
using L2c.Weights.Layouts;

namespace L2c.Model.Networks.UVit;

/// <summary>Memory of a U-ViT's evaluations: times, labels and their tokens, activations, the streams that long skips carry, and a tape for a backward
/// pass.</summary>
/// <remarks>
/// What a long skip carries is the stream entering the block after its in-block, and that is where the norm of that block writes it: so a skip is
/// memory that a block's stream has to itself, and no copy.
/// </remarks>
internal sealed class UVitMemory : NetworkMemory
{
    private readonly TimestepEmbedding _embedding;
    private readonly float[] _sinusoid;
    private readonly Tensor _times, _rows;

    /// <exception cref="ArgumentException">Gradients of the network's weights are asked for, which a U-ViT does not have.</exception>
    public UVitMemory(Arena arena, UVitArchitecture a, NetworkNeeds needs)
        : base(needs)
    {
        if (needs.Gradients == GradientsOf.Weights)
        {
            throw new ArgumentException($"{a.Name}: the weights of a U-ViT are not trained here; its routers are");
        }

        var ledger = new TrainingMemory.Ledger(arena);
        (int c, int rows) = (a.HiddenSize, needs.Rows);
        GroupSize = needs.Switches.ModulationsAhead ? needs.Evaluations : 1;
        int atOnce = needs.TimePerRow ? rows : GroupSize;
        Labels = Tokens(memory => memory.Take(DType.I32, needs.ConditionRows));
        _times = Tokens(memory => memory.Take(needs.Times, c));
        _rows = Tokens(memory => memory.Take(DType.I32, 1 + GroupSize, rows));
        TimeHidden = a.MlpTimeEmbed ? Tokens(memory => memory.Take(atOnce, 4 * c)) : default;
        TimeTokens = a.MlpTimeEmbed ? Tokens(memory => memory.Take(atOnce, c)) : default;
        LabelTokens = a.LabelRows > 0 ? Tokens(memory => memory.Take(needs.ConditionRows, c)) : default;
        Activations = ledger.Take("activations", memory => PassActivations.Take(memory, a, rows));
        Image = a.FinalConv
            ? ledger.Take("activations", memory => memory.Take(DType.F32, rows, a.OutChannels, a.InputSize, a.InputSize))
            : default;
        bool hasTape = needs.Gradients == GradientsOf.Terms;
        Tape = hasTape
            ? ledger.Take("kept for the backward pass", memory => BlockTape.Take(memory, a, rows, needs.Recomputes, Activations))
            : null;
        StreamGradients = hasTape
            ? ledger.Take("kept for the backward pass", memory => Enumerable.Range(0, a.Depth / 2).Select(_ => Stream(memory)).ToArray())
            : [];

        // The stream entering block 0 carries nothing further. Those entering out-blocks are read by their own block alone.
        Tensor[] skips = Tape is null
            ? ledger.Take("long skips", memory => Enumerable.Range(0, a.Depth / 2).Select(_ => Stream(memory)).ToArray())
            : [.. Tape.Attention.Skip(1).Take(a.Depth / 2).Select(attention => attention.X)];
        Tensor joined = ledger.Take("activations", Stream);
        Shared = BlockTape.Shared(
            Activations, a.Blocks, block => block == 0 ? Activations.X : block <= skips.Length ? skips[block - 1] : joined);
        Parts = ledger.Parts;
        _embedding = new TimestepEmbedding(c);
        _sinusoid = new float[_times.Shape.Count];

        T Tokens<T>(Func<Arena, T> carve) => ledger.Take("tokens of time and label", carve);

        Tensor Stream(Arena memory) => memory.Take(rows, a.Tokens, c);
    }

    /// <inheritdoc/>
    public override Tensor Labels { get; }

    /// <summary>Hidden layer of the time MLP, [times of a group, 4C]; none where there is none.</summary>
    public Tensor TimeHidden { get; }

    /// <summary>Output of the time MLP, [times of a group, C]; none where there is none.</summary>
    public Tensor TimeTokens { get; }

    /// <summary>[R,C]; none for a network without classes.</summary>
    public Tensor LabelTokens { get; }

    /// <summary>Which of them each row has, [B] I32.</summary>
    public Tensor LabelRows => _rows.SliceRows(0, 1).Reshape(Needs.Rows);

    /// <summary>Scratch of both passes.</summary>
    public PassActivations Activations { get; }

    /// <summary>What the output's convolution reads, [B,C_out,H,W] F32; none where there is none.</summary>
    public Tensor Image { get; }

    /// <summary>Where a forward pass writes that nothing follows.</summary>
    public BlockTape Shared { get; }

    /// <summary>Where one writes that a backward pass follows; null where none does.</summary>
    public BlockTape? Tape { get; }

    /// <summary>Gradients of the streams entering the out-blocks, which the blocks at the other end of their skips read, too.</summary>
    public Tensor[] StreamGradients { get; }

    /// <inheritdoc/>
    public override int GroupSize { get; }

    /// <inheritdoc/>
    public override IReadOnlyList<MemoryPart> Parts { get; }

    /// <summary>Where the blocks of a pass write.</summary>
    public BlockTape Blocks(bool hasBackward) => hasBackward ? Tape! : Shared;

    /// <summary>Sinusoids of a group's times, [E,C], or of every row's.</summary>
    public Tensor TimesOf(int group)
    {
        int first = group * GroupSize;
        return Needs.TimePerRow ? _times : _times.SliceRows(first, Math.Min(GroupSize, Needs.Evaluations - first));
    }

    /// <summary>Which of a group's times each row has in an evaluation, [B] I32.</summary>
    public Tensor TimeRows(int evaluation) => _rows.SliceRows(1 + (evaluation % GroupSize), 1).Reshape(Needs.Rows);

    /// <inheritdoc/>
    public override Tensor Output(int branch, bool hasBackward)
    {
        BlockTape blocks = Blocks(hasBackward);
        return branch % 2 == 0 ? blocks.Attention[branch / 2].Output : blocks.Mlp[branch / 2].Output;
    }

    /// <inheritdoc/>
    public override void UploadConstants(Device device)
    {
        int rows = Needs.Rows;
        device.Upload(_rows, [
            .. Enumerable.Range(0, rows).Select(row => Math.Min(row, Needs.ConditionRows - 1)),
            .. from evaluation in Enumerable.Range(0, GroupSize)
               from row in Enumerable.Range(0, rows)
               select Needs.TimePerRow ? row : evaluation,
        ]);
    }

    /// <inheritdoc/>
    public override void SetTimes(Device device, ReadOnlySpan<float> times)
    {
        _embedding.Fill(times, _sinusoid);
        device.Upload(_times, _sinusoid);
    }
}
