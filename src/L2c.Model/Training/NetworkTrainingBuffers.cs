using L2c.Kernels;
using L2c.Model.Networks;
using L2c.Weights.Layouts;

namespace L2c.Model.Training;

/// <summary>The memory of a network's training step beside parameters and weights.</summary>
/// <param name="Inputs">What a step brings.</param>
/// <param name="Output">[B,2C,H,W].</param>
/// <param name="OutputGradient">[B,2C,H,W].</param>
/// <param name="Losses">[B,2] F32.</param>
/// <param name="GradientNorm">[1] F32: of the last step that clips.</param>
/// <param name="Network">Of one evaluation in which every row has its own timestep.</param>
/// <param name="Parts">What all of it takes.</param>
internal sealed record NetworkTrainingBuffers(
    NetworkTrainingInputs Inputs,
    Tensor Output,
    Tensor OutputGradient,
    Tensor Losses,
    Tensor GradientNorm,
    NetworkMemory Network,
    IReadOnlyList<MemoryPart> Parts)
{
    private const string Images = "inputs, outputs, losses";

    /// <summary>Carves everything.</summary>
    public static NetworkTrainingBuffers Take(Arena arena, Network network, int batch, TrainingPlanOptions options, double? minSnrGamma = null)
    {
        var ledger = new TrainingMemory.Ledger(arena);
        TransformerArchitecture a = network.Architecture;
        NetworkTrainingInputs inputs = ledger.Take(Images, memory => NetworkTrainingInputs.Take(memory, network.Info, batch, minSnrGamma));
        Tensor output = Image(), gradient = Image(), losses = ledger.Take(Images, memory => memory.Take(DType.F32, batch, 2));
        Tensor norm = ledger.Take(Images, memory => memory.Take(DType.F32, 1));
        NetworkMemory its = network.Take(
            arena, new NetworkNeeds(batch) { TimePerRow = true, Gradients = GradientsOf.Weights, Recomputes = options.Recompute });
        return new NetworkTrainingBuffers(inputs, output, gradient, losses, norm, its, [.. ledger.Parts, .. its.Parts]);

        Tensor Image() => ledger.Take(Images, memory => memory.Take(DType.F32, batch, a.OutChannels, a.InputSize, a.InputSize));
    }
}
