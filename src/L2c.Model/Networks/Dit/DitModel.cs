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
    /// <remarks>Every block's shift, scale and gate. The tap sees <c>t_emb</c>, <c>c</c> and <c>blockN.PART</c> of the first evaluation.</remarks>
    public override void Prepare(NetworkMemory memory, int group, ForwardTap? tap = null)
    {
        RequireAlive();
        var its = (DitMemory)memory;
        DitModulations m = its.Modulations[group];
        Tensor times = its.TimeEmbedding.SliceRows(its.Needs.TimePerRow ? 0 : group * its.GroupSize, m.TimeHidden.Rows); // [E,256] or a row per row
        if (m.TimePreactivation.IsNone)
        {
            Device.Linear(times, _weights.Time1.Weight, _weights.Time1.Bias, m.TimeHidden, Activation.Silu);        // [E,C]
        }
        else
        {
            Device.Linear(times, _weights.Time1.Weight, _weights.Time1.Bias, m.TimePreactivation);                 // [E,C]
            Device.Activate(m.TimePreactivation, m.TimeHidden, Activation.Silu);
        }

        Device.Linear(m.TimeHidden, _weights.Time2.Weight, _weights.Time2.Bias, m.TimeEmbedding);                   // [E,C]
        tap?.Invoke("t_emb", m.TimeEmbedding);
        Device.Conditioning(m.TimeEmbedding, _weights.LabelTable, its.Labels, m.Condition, m.Silu);                 // [E R,C]
        tap?.Invoke("c", m.Condition);
        foreach (ModulationRun run in m.Runs)
        {
            Tensor silu = m.Silu;
            if (!run.Indices.IsNone)
            {
                silu = m.Gathered.SliceRows(0, run.Indices.Columns);
                Device.GatherRows(m.Silu, run.Indices, silu);
            }

            LinearWeights w = _weights.Modulations.Outputs(run.First, run.Values.Columns);
            Device.Linear(silu, w.Weight, w.Bias, run.Values);                                                      // [E' R, width of the run]
        }

        for (int block = 0; block < _weights.Blocks.Length && tap is not null; block++)
        {
            foreach (ModulationPart part in Enum.GetValues<ModulationPart>())
            {
                tap($"block{block}.{part}", m.Part(0, block, part));
            }
        }
    }

    /// <inheritdoc/>
    public override void Forward(Tensor image, NetworkMemory memory, EvaluationPlan plan, Tensor output, ForwardTap? tap = null)
    {
        RequireAlive();
        new DitPass(this, (DitMemory)memory, plan, tap).Forward(image, output);
    }

    /// <inheritdoc/>
    public override void Backward(NetworkMemory memory, EvaluationPlan plan, Tensor outputGradient)
    {
        RequireAlive();
        new DitPass(this, (DitMemory)memory, plan, null).Backward(outputGradient);
    }

    /// <inheritdoc/>
    public override void Products(NetworkMemory memory)
    {
        PassActivations activations = ((DitMemory)memory).Activations;
        Array.ForEach(_weights.Blocks, block => block.Products(Device, activations));
    }

    /// <inheritdoc/>
    internal override Tensor Constant(string name) => _weights.Positions;

    /// <inheritdoc/>
    internal override void Pack()
    {
        foreach (LinearWeights linear in _weights.Linears)
        {
            linear.Pack(Device);
        }

        _weights.Modulations.Pack(Device);
    }
}
