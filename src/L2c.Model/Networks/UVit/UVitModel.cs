using L2c.Kernels;
using L2c.Weights.Layouts;

namespace L2c.Model.Networks.UVit;

/// <summary>A transformer on tokens of label, time and patches, whose later blocks also read what the earlier ones made.</summary>
/// <remarks>Source: Bao et al. 2023; U-ViT libs/uvit.py, UViT.</remarks>
internal sealed class UVitModel : Network
{
    private UVitModel(NetworkInfo info, Device device, Arena? arena, long weightBytes, UVitWeights weights, WeightUse use)
        : base(info, device, arena, weightBytes, use) => Weights = weights;

    /// <summary>All weights.</summary>
    internal UVitWeights Weights { get; }

    /// <summary>Its shapes.</summary>
    internal UVitArchitecture Shapes => (UVitArchitecture)Architecture;

    /// <inheritdoc cref="NetworkFamily.Load"/>
    public static UVitModel Load(NetworkInfo info, WeightReader? read, Device device, WeightUse use)
    {
        var architecture = (UVitArchitecture)info.Architecture;
        if (read is null)
        {
            (long bytes, UVitWeights counted) = WeightLoader.OnPaper(device, use, null, loader => UVitWeights.Take(architecture, loader));
            return new UVitModel(info, device, null, bytes, counted, use);
        }

        (Arena arena, UVitWeights weights) = WeightLoader.Load(device, use, null, read, loader => UVitWeights.Take(architecture, loader));
        return new UVitModel(info, device, arena, arena.CapacityBytes, weights, use);
    }

    /// <inheritdoc/>
    public override NetworkMemory Take(Arena arena, NetworkNeeds needs) => new UVitMemory(arena, Shapes, needs);

    /// <inheritdoc/>
    /// <remarks>The token of every time and label. The tap sees <c>label_emb_out</c> and <c>time_token</c>.</remarks>
    public override void Prepare(NetworkMemory memory, int group, ForwardTap? tap = null)
    {
        RequireAlive();
        var its = (UVitMemory)memory;
        Tensor times = its.TimesOf(group);                                                                          // [E,C] or a row per row
        if (Weights is { Time1: { } first, Time2: { } second })
        {
            Tensor hidden = its.TimeHidden.SliceRows(0, times.Rows), tokens = its.TimeTokens.SliceRows(0, times.Rows);
            Device.Linear(times, first.Weight, first.Bias, hidden, Activation.Silu);                                // [E,4C]
            Device.Linear(hidden, second.Weight, second.Bias, tokens);                                              // [E,C]
            times = tokens;
        }

        tap?.Invoke("time_token", times);
        if (!Weights.LabelTable.IsNone)
        {
            Device.GatherRows(Weights.LabelTable, its.Labels, its.LabelTokens);                                     // [R,C]
            tap?.Invoke("label_emb_out", its.LabelTokens);
        }
    }

    /// <inheritdoc/>
    public override void Forward(Tensor image, NetworkMemory memory, EvaluationPlan plan, Tensor output, ForwardTap? tap = null)
    {
        RequireAlive();
        new UVitPass(this, (UVitMemory)memory, plan, tap).Forward(image, output);
    }

    /// <inheritdoc/>
    public override void Backward(NetworkMemory memory, EvaluationPlan plan, Tensor outputGradient)
    {
        RequireAlive();
        new UVitPass(this, (UVitMemory)memory, plan, null).Backward(outputGradient);
    }

    /// <inheritdoc/>
    public override void Products(NetworkMemory memory)
    {
        PassActivations a = ((UVitMemory)memory).Activations;
        Array.ForEach(Weights.Blocks, block => block.Products(Device, a));
        int c = Architecture.HiddenSize;
        foreach (LinearWeights skip in Weights.Skips)
        {
            Device.Linear(a.Normed, skip.Weight.SliceInputs(0, c), default, a.Branch);                              // [B,T,C]
            Device.Linear(a.Heads, skip.Weight.SliceInputs(c, c), default, a.Branch, accumulates: true);            // [B,T,C]
        }
    }
}
