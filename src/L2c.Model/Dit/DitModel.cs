using L2c.Kernels;
using L2c.Model.Training;
using L2c.Weights.Layouts;

namespace L2c.Model.Dit;

/// <summary>
/// Called after a stage of a forward pass with its name and result. Only outside recording, where each op has run when its call returns.
/// </summary>
/// <param name="stage">Name as the recorded data uses it: <c>block0.attn_out</c>.</param>
/// <param name="value">Valid until the next stage overwrites it.</param>
public delegate void ForwardTap(string stage, Tensor value);

/// <summary>A diffusion transformer with adaLN-Zero blocks.</summary>
/// <remarks>
/// The methods enqueue ops on the device; nothing in them depends on data, so they can be recorded once and replayed.
/// Source: Peebles and Xie 2023; DiT models.py, DiT.
/// </remarks>
public sealed class DitModel : IDisposable
{
    private readonly Arena? _arena;
    private readonly DitWeights _weights;

    private DitModel(DitArchitecture architecture, Device device, Arena? arena, long weightBytes, DitWeights weights, WeightUse use) =>
        (Architecture, Device, _arena, WeightBytes, _weights, Use) = (architecture, device, arena, weightBytes, weights, use);

    /// <summary>Shape and meaning of the network.</summary>
    public DitArchitecture Architecture { get; }

    /// <summary>Where the weights are and ops go.</summary>
    public Device Device { get; }

    /// <summary>What the weights were loaded for.</summary>
    public WeightUse Use { get; }

    /// <summary>Memory that the weights take in the device's layout.</summary>
    public long WeightBytes { get; }

    /// <summary>The label table, [label rows, C].</summary>
    internal Tensor LabelTable => _weights.LabelTable;

    /// <summary>All weights.</summary>
    internal DitWeights Weights => _weights;

    /// <summary>Loads weights tensor by tensor into one allocation.</summary>
    /// <param name="architecture">The network.</param>
    /// <param name="read">Gives tensors by their published names.</param>
    /// <param name="device">Where to put them.</param>
    /// <param name="use">What for.</param>
    public static DitModel Load(DitArchitecture architecture, WeightReader read, Device device, WeightUse use = WeightUse.Inference) =>
        Load(architecture, read, device, use, null);

    /// <summary>A model whose weights are trained: <paramref name="read"/> fills <paramref name="trained"/>, and <see cref="Pack"/> has to
    /// follow.</summary>
    internal static DitModel LoadTrained(DitArchitecture architecture, WeightReader read, Device device, TrainedParameters trained) =>
        Load(architecture, read, device, WeightUse.Inference, trained);

    /// <summary>A model whose weights are counted and not there: ops may be recorded with it, never run.</summary>
    internal static DitModel OnPaper(
        DitArchitecture architecture, Device device, WeightUse use = WeightUse.Inference, TrainedParameters? trained = null)
    {
        (long bytes, DitWeights weights) = WeightLoader.OnPaper(device, use, trained, loader => DitWeights.Take(architecture, loader));
        return new DitModel(architecture, device, null, bytes, weights, use);
    }

    private static DitModel Load(DitArchitecture architecture, WeightReader read, Device device, WeightUse use, TrainedParameters? trained)
    {
        (Arena arena, DitWeights weights) = WeightLoader.Load(device, use, trained, read, loader => DitWeights.Take(architecture, loader));
        return new DitModel(architecture, device, arena, arena.CapacityBytes, weights, use);
    }

    /// <summary>Enqueues writing trained parameters into the layouts that the forward and backward passes read.</summary>
    internal void Pack()
    {
        foreach (LinearWeights linear in _weights.Linears)
        {
            linear.Pack(Device);
        }
    }

    /// <summary>Enqueues what depends on timestep and label alone, for a group of E evaluations: every block's shift, scale and gate.</summary>
    /// <param name="timeEmbedding">[E, 256], or a row per row of the batch: <see cref="TimestepEmbedding"/> of the timesteps.</param>
    /// <param name="labels">[R] I32, read at replay time: the images' labels, then the null label with guidance.</param>
    /// <param name="m">Receives the vectors.</param>
    /// <param name="tap">Sees <c>t_emb</c>, <c>c</c> and <c>blockN.PART</c>, or null.</param>
    /// <exception cref="ObjectDisposedException">The weights have been freed.</exception>
    public void Modulate(Tensor timeEmbedding, Tensor labels, DitModulations m, ForwardTap? tap = null)
    {
        RequireAlive();
        if (m.TimePreactivation.IsNone)
        {
            Device.Linear(timeEmbedding, _weights.Time1.Weight, _weights.Time1.Bias, m.TimeHidden, Activation.Silu); // [E,C]
        }
        else
        {
            Device.Linear(timeEmbedding, _weights.Time1.Weight, _weights.Time1.Bias, m.TimePreactivation);          // [E,C]
            Device.Activate(m.TimePreactivation, m.TimeHidden, Activation.Silu);
        }

        Device.Linear(m.TimeHidden, _weights.Time2.Weight, _weights.Time2.Bias, m.TimeEmbedding);                   // [E,C]
        tap?.Invoke("t_emb", m.TimeEmbedding);
        Device.Conditioning(m.TimeEmbedding, _weights.LabelTable, labels, m.Condition, m.Silu);                     // [E R,C]
        tap?.Invoke("c", m.Condition);
        for (int block = 0; block < _weights.Blocks.Length; block++)
        {
            foreach (ModulationPart part in Enum.GetValues<ModulationPart>())
            {
                DitModulations.Rows rows = m.PartRows(block, part);
                if (rows.Values.IsNone)
                {
                    continue;
                }

                Tensor silu = m.Silu;
                if (!rows.Indices.IsNone)
                {
                    silu = m.Gathered.SliceRows(0, rows.Indices.Columns);
                    Device.GatherRows(m.Silu, rows.Indices, silu);
                }

                LinearWeights w = _weights.Blocks[block].Modulation[(int)part];
                Device.Linear(silu, w.Weight, w.Bias, rows.Values);                                                 // [E' R,C or 2C]
                tap?.Invoke($"block{block}.{part}", rows.Values);
            }
        }

        Device.Linear(m.Silu, _weights.FinalModulation.Weight, _weights.FinalModulation.Bias, m.Final);             // [E R,2C]
    }

    /// <summary>Enqueues one evaluation of the network.</summary>
    /// <param name="image">[N,C_in,H,W]: with guidance N = B/2 and every image is read by both halves.</param>
    /// <param name="plan">Which branches are computed, and the modulations written by <see cref="Modulate"/>.</param>
    /// <param name="a">Buffers for B rows.</param>
    /// <param name="output">[B,C_out,H,W].</param>
    /// <param name="tap">Sees every stage of the recorded data, or null; then every branch must be computed.</param>
    /// <exception cref="ObjectDisposedException">The weights have been freed.</exception>
    public void Forward(Tensor image, ForwardPlan plan, DitActivations a, Tensor output, ForwardTap? tap = null)
    {
        RequireAlive();
        int patch = Architecture.PatchSize;
        Device.Scope = new OpScope(plan.Evaluation, -1);
        Device.Patchify(image, a.Patches, patch);                                                                   // [B,T,C_in P P]
        Device.Linear(a.Patches, _weights.PatchEmbedding.Weight, _weights.PatchEmbedding.Bias, a.Branch);           // [B,T,C]
        tap?.Invoke("patch_embed_out", a.Branch);

        var x = new ResidualStream(Device, _weights.Positions, a.X, plan.FuseSkips);
        x.Add(a.Branch);
        for (int block = 0; block < _weights.Blocks.Length; block++)
        {
            DitBlock.Forward(Device, _weights.Blocks[block], plan, block, Architecture.Heads, x, a, tap);
        }

        Device.Scope = new OpScope(plan.Evaluation, -1);
        if (tap is null)
        {
            x.NormaliseLast(plan.FinalNorm, a.Normed);                                                                        // [B,T,C]
        }
        else
        {
            tap($"block{_weights.Blocks.Length - 1}.out", x.Normalise(plan.FinalNorm, a.Normed));
        }

        Device.Linear(a.Normed, _weights.FinalLinear.Weight, _weights.FinalLinear.Bias, a.PatchOutputs);            // [B,T,P P C_out]
        tap?.Invoke("final_layer_out", a.PatchOutputs);
        Device.Unpatchify(a.PatchOutputs, output, patch);                                                           // [B,C_out,H,W]
        tap?.Invoke("out", output);
    }

    /// <summary>Frees the weights.</summary>
    public void Dispose() => _arena?.Dispose();

    /// <summary>Fails where the weights have been freed. For all that reads them, recorded or not.</summary>
    internal void RequireAlive() => ObjectDisposedException.ThrowIf(_arena?.IsDisposed == true, this);
}
