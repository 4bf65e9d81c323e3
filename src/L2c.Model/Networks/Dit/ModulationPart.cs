using L2c.Weights.Layouts;

namespace L2c.Model.Networks.Dit;

/// <summary>The parts of a block's modulation that are needed or not needed together, in the published order of the stored weight.</summary>
internal enum ModulationPart
{
    /// <summary>shift_msa and scale_msa, 2C: only where the attention is computed.</summary>
    AttentionShiftScale,
    /// <summary>gate_msa, C: wherever the attention contributes, reused or not. The gate is always the current evaluation's.</summary>
    AttentionGate,
    /// <summary>shift_mlp and scale_mlp, 2C.</summary>
    MlpShiftScale,
    /// <summary>gate_mlp, C.</summary>
    MlpGate,
}

/// <summary>Facts about <see cref="ModulationPart"/>.</summary>
internal static class ModulationParts
{
    /// <summary>Number of parts.</summary>
    public const int Count = 4;

    /// <summary>Width in units of C.</summary>
    public static int Width(this ModulationPart part) => part is ModulationPart.AttentionGate or ModulationPart.MlpGate ? 1 : 2;

    /// <summary>First output of the part in <see cref="DitWeights.Modulations"/>.</summary>
    public static int First(this ModulationPart part, int block, int hiddenSize) => ((6 * block) + part switch
    {
        ModulationPart.AttentionShiftScale => 0,
        ModulationPart.AttentionGate => 2,
        ModulationPart.MlpShiftScale => 3,
        _ => 5,
    }) * hiddenSize;

    /// <summary>First output of the final layer's shift and scale.</summary>
    public static int FirstOfFinal(DitArchitecture a) => ModulationPart.AttentionShiftScale.First(a.Depth, a.HiddenSize);

    /// <summary>Whether this is a gate.</summary>
    public static bool IsGate(this ModulationPart part) => part.Width() == 1;

    /// <summary>The shift and scale of a branch's norm.</summary>
    public static ModulationPart ShiftScaleOf(int branch) =>
        branch % 2 == 0 ? ModulationPart.AttentionShiftScale : ModulationPart.MlpShiftScale;

    /// <summary>The gate of a branch.</summary>
    public static ModulationPart GateOf(int branch) => branch % 2 == 0 ? ModulationPart.AttentionGate : ModulationPart.MlpGate;

    /// <summary>Branch of a block that the part belongs to.</summary>
    public static int Branch(this ModulationPart part, int block) => (2 * block) + (part >= ModulationPart.MlpShiftScale ? 1 : 0);
}
