using L2c.Kernels;
using L2c.Weights.Layouts;

namespace L2c.Model.Networks.Dit;

/// <summary>Gradients of one evaluation's modulations, and the backward pass from them to the time MLP and the label table.</summary>
internal sealed class DitModulationGradients
{
    private readonly Tensor[,] _parts;
    private readonly Tensor[] _silus;
    private readonly Tensor _silu, _time, _timeHidden;

    private DitModulationGradients(Arena arena, DitArchitecture a, int rows)
    {
        int c = a.HiddenSize;
        _parts = new Tensor[a.Depth, ModulationParts.Count];
        foreach (ModulationPart part in Enum.GetValues<ModulationPart>())
        {
            for (int block = 0; block < a.Depth; block++)
            {
                _parts[block, (int)part] = arena.Take(rows, part.Width() * c);
            }
        }

        Final = arena.Take(rows, 2 * c);
        _silus = [.. Enumerable.Range(0, _parts.Length + 1).Select(_ => arena.Take(1, rows, c))];
        _silu = arena.Take(1, rows, c);
        _time = arena.Take(rows, c);
        _timeHidden = arena.Take(rows, c);
    }

    /// <summary>Of shift and scale before the final layer, [B,2C].</summary>
    public Tensor Final { get; }

    /// <summary>Carves room.</summary>
    public static DitModulationGradients Take(Arena arena, DitArchitecture architecture, int rows) => new(arena, architecture, rows);

    /// <summary>Of a part of a block's modulation, [B,width].</summary>
    public Tensor Part(int block, ModulationPart part) => _parts[block, (int)part];

    /// <summary>Enqueues the reverse of <see cref="DitModel.Prepare"/>.</summary>
    /// <param name="device">Where ops go.</param>
    /// <param name="w">The weights, trained.</param>
    /// <param name="timeEmbedding">[B,256].</param>
    /// <param name="labels">[B].</param>
    /// <param name="m">What the forward computed.</param>
    public void Backward(Device device, DitWeights w, Tensor timeEmbedding, Tensor labels, DitModulations m)
    {
        int next = 0;
        List<TrainedMap> maps = w.Modulations.Trained;
        maps[^1].Parts[0].Backward(device, Final, m.Silu, _silus[next++]);
        for (int block = w.Blocks.Length - 1; block >= 0; block--)
        {
            foreach (ModulationPart part in Enum.GetValues<ModulationPart>())
            {
                maps[block].Parts[(int)part].Backward(device, Part(block, part), m.Silu, _silus[next++]);
            }
        }

        // One pass over the sum, however many maps read SiLU(c).
        ResidualTerm[] terms = [.. _silus[1..].Select(silu => new ResidualTerm(silu))];
        device.ResidualNorm(_silus[0], terms, _silu, Norm.None, default);
        device.ConditioningBackward(_silu.Reshape(m.Silu.Rows, m.Silu.Columns), m.Condition, labels, _time, w.LabelGradient);
        w.Time2.Backward(device, _time, m.TimeHidden, _timeHidden);
        device.ActivateBackward(_timeHidden, m.TimePreactivation, _timeHidden, Activation.Silu);
        w.Time1.Backward(device, _timeHidden, timeEmbedding, default);
    }
}
