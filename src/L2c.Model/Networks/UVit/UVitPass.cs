using L2c.Kernels;
using L2c.Weights.Layouts;

namespace L2c.Model.Networks.UVit;

/// <summary>
/// One evaluation of a U-ViT while it is being enqueued: its blocks have affine LN and no gate. Before an out-block the stream is joined with the one
/// that left the in-block at the same distance from the middle, the last first.
/// </summary>
/// <remarks>
/// The joined stream is skip_linear([x, skip]) = x W_x + skip W_s + b: two products into one output, nothing is concatenated. Token rows are embedded
/// like patches and then overwritten, and their outputs are read by nothing.
/// Source: Bao et al. 2023, section 3; U-ViT libs/uvit.py, Block and UViT.
/// </remarks>
internal sealed class UVitPass : TransformerPass
{
    private readonly UVitArchitecture _shapes;
    private readonly UVitWeights _weights;
    private readonly UVitMemory _memory;

    /// <param name="model">The network.</param>
    /// <param name="memory">With the evaluation's tokens.</param>
    /// <param name="plan">What is computed and contributed.</param>
    /// <param name="tap">Sees every stage, or null.</param>
    public UVitPass(UVitModel model, UVitMemory memory, EvaluationPlan plan, ForwardTap? tap)
        : base(model, model.Weights.Blocks, Activation.GeluErf, memory.Activations, memory.Blocks(plan.HasBackward), plan, tap) =>
        (_shapes, _weights, _memory) = (model.Shapes, model.Weights, memory);

    /// <summary>The middle block.</summary>
    private int Middle => _shapes.Depth / 2;

    /// <summary>Enqueues the forward pass.</summary>
    /// <param name="image">[N,C_in,H,W].</param>
    /// <param name="output">[B,C_out,H,W].</param>
    public void Forward(Tensor image, Tensor output)
    {
        LeaveBranches(Plan.Scope);
        Embed(image);
        ResidualStream x = Stream(_weights.Positions);
        x.Add(Scratch.Heads);
        for (int block = 0; block < BlockCount; block++)
        {
            // Inside a replaced segment no long skip begins that is read: segments hold both ends of one, or none.
            bool isKnown = !BeginsReplaced(block);
            if (isKnown && block > Middle)
            {
                x = Join(x, block);
            }
            else if (isKnown && block > 0 && !Normalises(2 * block))
            {
                // No norm brings the stream to where the long skip is read.
                LeaveBranches(Plan.Scope);
                x.Settle(Blocks.Attention[block].X);
            }

            Block(x, block);
        }

        LeaveBranches(Plan.Scope);
        Tensor last = Tap is null ? Blocks.FinalX : Scratch.X;
        x.Normalise(_weights.FinalNorm.Norm, Blocks.FinalNormed, last);                                             // [B,T,C]
        Tap?.Invoke($"block{BlockCount - 1}.out", last);
        Tap?.Invoke("norm_out", Blocks.FinalNormed);
        Linear(Blocks.FinalNormed, _weights.FinalLinear, Scratch.PatchOutputs);                                     // [B,T,P P C_out]
        Tap?.Invoke("decoder_pred_out", Scratch.PatchOutputs);
        Tensor unpatched = _shapes.FinalConv ? _memory.Image : output;
        Device.Unpatchify(Scratch.PatchOutputs, unpatched, _shapes.PatchSize, _shapes.ExtraTokens);                 // [B,C_out,H,W]
        if (_shapes.FinalConv)
        {
            Device.ImageConvolution(unpatched, _weights.Convolution.Weight, _weights.Convolution.Bias, output);     // [B,C_out,H,W]
        }

        Tap?.Invoke("out", output);
    }

    /// <summary>Enqueues the backward pass.</summary>
    /// <param name="dOutput">[B,C_out,H,W].</param>
    public void Backward(Tensor dOutput)
    {
        LeaveBranches(Plan.Scope + 1);
        if (_shapes.FinalConv)
        {
            Device.ImageConvolutionBackward(dOutput, _weights.Convolution.Weight, _memory.Image);                   // [B,C_out,H,W]
            dOutput = _memory.Image;
        }

        Device.UnpatchifyBackward(dOutput, Scratch.PatchOutputs, _shapes.PatchSize, _shapes.ExtraTokens);           // [B,T,P P C_out]
        _weights.FinalLinear.Backward(Device, Scratch.PatchOutputs, Blocks.FinalNormed, Scratch.Normed);            // [B,T,C]
        StreamGradient = GradientOf(BlockCount - 1);
        NormBackward(Blocks.FinalX, _weights.FinalNorm.Norm, default, default);
        for (int block = BlockCount - 1; block >= 0; block--)
        {
            BlockBackward(block);
            LeaveBranches(Plan.Scope + 1);
            if (block > Middle)
            {
                Tensor joined = StreamGradient;
                StreamGradient = GradientOf(block - 1);
                Device.Linear(joined, Half(Skip(block).Transposed, 0), default, StreamGradient);                    // [B,T,C]
            }
            else if (block > 0)
            {
                int other = OtherEnd(block);
                Device.Linear(GradientOf(other), Half(Skip(other).Transposed, 1), default, StreamGradient, accumulates: true);
            }
        }
    }

    /// <inheritdoc/>
    protected override Norm NormOf(int branch) => _weights.Norms[branch].Norm;

    /// <inheritdoc/>
    protected override string? StageBefore(int block) => block > Middle ? null : base.StageBefore(block);

    /// <summary>The out-block that reads the stream entering a block up to the middle one, and the other way round.</summary>
    private int OtherEnd(int block) => BlockCount - block;

    private ResidualStream Stream(Tensor source) => new(Device, source, Scratch.X, Plan.Switches.FuseSkips);

    /// <summary>[label, time, patches], embedded.</summary>
    private void Embed(Tensor image)
    {
        Device.Patchify(image, Scratch.Patches, _shapes.PatchSize, _shapes.ExtraTokens);                            // [B,T,C_in P P]
        Linear(Scratch.Patches, _weights.PatchEmbedding, Scratch.Heads);                                            // [B,T,C]
        Tap?.Invoke("patch_embed_out", Scratch.Heads);
        if (!_memory.LabelTokens.IsNone)
        {
            Device.GatherRows(_memory.LabelTokens, _memory.LabelRows, Scratch.Heads.SliceToken(0));                 // [B,C]
        }

        Tensor times = _memory.TimeTokens.IsNone ? _memory.TimesOf(Plan.Evaluation / _memory.GroupSize) : _memory.TimeTokens;
        Device.GatherRows(times, _memory.TimeRows(Plan.Evaluation), Scratch.Heads.SliceToken(_shapes.ExtraTokens - 1)); // [B,C]
    }

    /// <summary>Joins the stream with the long skip that an out-block reads.</summary>
    private ResidualStream Join(ResidualStream x, int block)
    {
        LeaveBranches(Plan.Scope);
        x.Settle(Scratch.X);                                                                                        // [B,T,C]
        Tap?.Invoke($"block{block - 1}.out", Scratch.X);
        (LinearWeights w, Tensor joined) = (Skip(block), Blocks.Attention[block].X);
        Device.Linear(Scratch.X, w.Weight.SliceInputs(0, _shapes.HiddenSize), w.Bias, joined);                      // [B,T,C]
        Device.Linear(
            Blocks.Attention[OtherEnd(block)].X, w.Weight.SliceInputs(_shapes.HiddenSize, _shapes.HiddenSize), default, joined, accumulates: true);
        Tap?.Invoke($"block{block}.skip_out", joined);
        return Stream(joined);
    }

    private LinearWeights Skip(int outBlock) => _weights.Skips[outBlock - Middle - 1];

    /// <summary>Where the gradient of the stream that a block adds to lies: out-blocks have memory of their own, the others share.</summary>
    private Tensor GradientOf(int block) => block > Middle ? _memory.StreamGradients[block - Middle - 1] : Scratch.X;

    private Matrix Half(Matrix transposed, int half) => transposed.SliceOutputs(half * _shapes.HiddenSize, _shapes.HiddenSize);
}
