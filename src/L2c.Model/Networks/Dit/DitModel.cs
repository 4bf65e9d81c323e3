using L2c.Kernels;
using L2c.Model.Training;
using L2c.Weights.Layouts;

namespace L2c.Model.Networks.Dit;

/// <summary>A diffusion transformer with adaLN-Zero blocks.</summary>
/// <remarks>Source: Peebles and Xie 2023; DiT models.py, DiT.</remarks>
internal sealed class DitModel : Network
{
    private readonly DitWeights _weights;

    private DitModel(NetworkInfo info, Device device, Arena? arena, long weightBytes, DitWeights weights, WeightUse use)
        : base(info, device, arena, weightBytes, use) => _weights = weights;

    /// <summary>The label table, [label rows, C].</summary>
    internal Tensor LabelTable => _weights.LabelTable;

    /// <summary>All weights.</summary>
    internal DitWeights Weights => _weights;

    /// <inheritdoc/>
    internal override IEnumerable<LinearWeights> Linears => _weights.Linears;

    private DitArchitecture Shapes => (DitArchitecture)Architecture;

    /// <inheritdoc cref="NetworkFamily.Load"/>
    public static DitModel Load(NetworkInfo info, WeightReader? read, Device device, WeightUse use, TrainedParameters? trained)
    {
        var architecture = (DitArchitecture)info.Architecture;
        if (read is null)
        {
            (long bytes, DitWeights counted) = WeightLoader.OnPaper(device, use, trained, loader => DitWeights.Take(architecture, loader));
            return new DitModel(info, device, null, bytes, counted, use);
        }

        (Arena arena, DitWeights weights) = WeightLoader.Load(device, use, trained, read, loader => DitWeights.Take(architecture, loader));
        return new DitModel(info, device, arena, arena.CapacityBytes, weights, use);
    }

    /// <inheritdoc/>
    public override NetworkMemory Take(Arena arena, NetworkNeeds needs) => new DitMemory(arena, Shapes, needs);

    /// <inheritdoc/>
    /// <remarks>Every block's shift, scale and gate. The tap sees <c>t_emb</c>, <c>c</c> and <c>blockN.PART</c>.</remarks>
    public override void Prepare(NetworkMemory memory, int group, ForwardTap? tap = null)
    {
        var m = (DitMemory)memory;
        DitModulations modulations = m.Modulations[group];
        Tensor times = m.TimeEmbedding.SliceRows(m.Needs.TimePerRow ? 0 : group * m.GroupSize, modulations.TimeHidden.Rows);
        Modulate(times, m.Labels, modulations, tap);
    }

    /// <inheritdoc/>
    public override void Forward(Tensor image, NetworkMemory memory, EvaluationPlan plan, Tensor output, ForwardTap? tap = null) =>
        new DitPass(this, (DitMemory)memory, plan, tap).Forward(image, output);

    /// <inheritdoc/>
    public override void Backward(NetworkMemory memory, EvaluationPlan plan, Tensor outputGradient) =>
        new DitPass(this, (DitMemory)memory, plan, null).Backward(outputGradient);

    /// <inheritdoc/>
    internal override Tensor Constant(string name) => _weights.Positions;

    /// <summary>Enqueues what depends on timestep and label alone, for a group of E evaluations: every block's shift, scale and gate.</summary>
    /// <param name="timeEmbedding">[E, 256], or a row per row of the batch: <see cref="TimestepEmbedding"/> of the timesteps.</param>
    /// <param name="labels">[R] I32, read at replay time: the images' labels, then the null label with guidance.</param>
    /// <param name="m">Receives the vectors.</param>
    /// <param name="tap">Sees <c>t_emb</c>, <c>c</c> and <c>blockN.PART</c>, or null.</param>
    private void Modulate(Tensor timeEmbedding, Tensor labels, DitModulations m, ForwardTap? tap = null)
    {
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
}
