using L2c.Kernels;
using L2c.Weights.Layouts;

namespace L2c.Model.Dit;

/// <summary>
/// A forward pass that keeps what its backward pass needs, and that backward pass, in one of two forms: a student, whose branches are blended with
/// cached ones and whose weights are frozen, or a plain network whose weights are trained.
/// </summary>
/// <remarks>
/// A student and its teacher start from the same image, so the student's first attention is the teacher's: it is taken from there and not computed
/// again.
/// Source: as <see cref="DitModel"/>; blending: Learning-to-Cache, equation 5.
/// </remarks>
internal sealed partial class DitTrainingPass
{
    private readonly Device _device;
    private readonly DitArchitecture _architecture;
    private readonly DitWeights _weights;
    private readonly ForwardPlan _modulations;
    private readonly DitActivations _scratch;
    private readonly DitTape _tape;
    private readonly CachedBranches? _cached;
    private readonly DitModulationGradients? _gradients;
    private readonly int _forwardScope, _backwardScope;

    private DitTrainingPass(
        DitModel model,
        ForwardPlan modulations,
        DitActivations scratch,
        DitTape tape,
        CachedBranches? cached,
        DitModulationGradients? gradients,
        int forwardScope)
    {
        (_device, _architecture, _weights) = (model.Device, model.Architecture, model.Weights);
        (_modulations, _scratch, _tape, _cached, _gradients) = (modulations, scratch, tape, cached, gradients);
        (_forwardScope, _backwardScope) = (forwardScope, forwardScope + 1);
    }

    /// <summary>A student.</summary>
    /// <param name="model">Loaded for routers.</param>
    /// <param name="teacher">The teacher's plan: the student has its modulations.</param>
    /// <param name="scratch">Buffers that the teacher has finished with.</param>
    /// <param name="tape">For routers; the teacher has to write its first attention's output into it.</param>
    /// <param name="cached">What is blended.</param>
    /// <param name="scope">Evaluation that the forward's ops report; the backward's report the next.</param>
    public static DitTrainingPass Student(
        DitModel model, ForwardPlan teacher, DitActivations scratch, DitTape tape, CachedBranches cached, int scope) =>
        new(model, teacher, scratch, tape, cached, null, scope);

    /// <summary>A network in training.</summary>
    /// <param name="model">With trained weights.</param>
    /// <param name="modulations">Of one evaluation, taken for training.</param>
    /// <param name="scratch">Buffers.</param>
    /// <param name="tape">For weights.</param>
    /// <param name="gradients">Where the modulations' gradients go.</param>
    public static DitTrainingPass Trained(
        DitModel model, DitModulations modulations, DitActivations scratch, DitTape tape, DitModulationGradients gradients) =>
        new(model, ForwardPlan.Full(modulations, scratch, model.Architecture.Depth), scratch, tape, null, gradients, 0);

    private int Blocks => _weights.Blocks.Length;

    /// <summary>Enqueues the forward pass.</summary>
    /// <param name="image">[B,C_in,H,W].</param>
    /// <param name="output">[B,C_out,H,W].</param>
    public void Forward(Tensor image, Tensor output)
    {
        _device.Scope = new OpScope(_forwardScope, -1);
        _device.Patchify(image, _scratch.Patches, _architecture.PatchSize);                                         // [B,T,C_in P P]
        Linear(_scratch.Patches, _weights.PatchEmbedding, _scratch.Heads);                                          // [B,T,C]

        var x = new ResidualStream(_device, _weights.Positions, default);
        x.Add(_scratch.Heads);
        for (int block = 0; block < Blocks; block++)
        {
            if (block > 0 || _cached is null)
            {
                Attention(x, block);
            }

            AddAttention(x, block);
            Mlp(x, block);
            AddMlp(x, block);
        }

        _device.Scope = new OpScope(_forwardScope, -1);
        x.Normalise(_modulations.FinalNorm, _tape.FinalNormed, _tape.FinalX);                                       // [B,T,C]
        Linear(_tape.FinalNormed, _weights.FinalLinear, _scratch.PatchOutputs);                                     // [B,T,P P C_out]
        _device.Unpatchify(_scratch.PatchOutputs, output, _architecture.PatchSize);                                 // [B,C_out,H,W]
    }

    /// <summary>A block's forward again, from the stream that entered it; what it adds at its end is there already.</summary>
    private void Recompute(int block)
    {
        bool hasAttention = block > 0 || _cached is null;
        var x = new ResidualStream(_device, hasAttention ? _tape.Attention[block].X : _tape.Mlp[block].X, default);
        if (hasAttention)
        {
            Attention(x, block);
            AddAttention(x, block);
        }

        Mlp(x, block);
    }

    private void Attention(ResidualStream x, int block)
    {
        (DitBlockWeights w, AttentionTape t) = (_weights.Blocks[block], _tape.Attention[block]);
        _device.Scope = _device.Scope with { Branch = 2 * block };
        x.Normalise(_modulations.Norm(block, ModulationPart.AttentionShiftScale), t.Normed, t.X);                   // [B,T,C]
        Linear(t.Normed, w.Qkv, t.Qkv);                                                                             // [B,T,3C]
        _device.Attention(t.Qkv, t.Heads, _architecture.Heads);                                                     // [B,T,C]
        Linear(t.Heads, w.Projection, t.Output);                                                                    // [B,T,C]
    }

    private void Mlp(ResidualStream x, int block)
    {
        (DitBlockWeights w, MlpTape t) = (_weights.Blocks[block], _tape.Mlp[block]);
        _device.Scope = _device.Scope with { Branch = (2 * block) + 1 };
        x.Normalise(_modulations.Norm(block, ModulationPart.MlpShiftScale), t.Normed, t.X);                         // [B,T,C]
        Linear(t.Normed, w.Fc1, t.Hidden);                                                                          // [B,T,4C]
        _device.Activate(t.Hidden, t.Activated, Activation.GeluTanh);
        Linear(t.Activated, w.Fc2, t.Output);                                                                       // [B,T,C]
    }

    private void AddAttention(ResidualStream x, int block) =>
        x.Add(Blended(2 * block, _tape.Attention[block].Output), _modulations.Modulation(block, ModulationPart.AttentionGate));

    private void AddMlp(ResidualStream x, int block) =>
        x.Add(Blended((2 * block) + 1, _tape.Mlp[block].Output), _modulations.Modulation(block, ModulationPart.MlpGate));

    /// <summary>What a branch contributes before its gate: w fresh + (1 - w) cached, or fresh where nothing is cached.</summary>
    private Tensor Blended(int branch, Tensor fresh)
    {
        if (_cached is null)
        {
            return fresh;
        }

        _device.Blend(fresh, _cached.Outputs[branch], _cached.Weight(branch), _scratch.Branch);
        return _scratch.Branch;
    }

    private void Linear(Tensor x, LinearWeights w, Tensor y) => _device.Linear(x, w.Weight, w.Bias, y);
}
