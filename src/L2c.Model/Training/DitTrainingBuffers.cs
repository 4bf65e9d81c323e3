using L2c.Kernels;
using L2c.Model.Dit;
using L2c.Weights.Layouts;

namespace L2c.Model.Training;

/// <summary>The memory of a DiT's training step beside parameters and weights.</summary>
/// <param name="Inputs">What a step brings.</param>
/// <param name="Output">[B,2C,H,W].</param>
/// <param name="OutputGradient">[B,2C,H,W].</param>
/// <param name="Losses">[B,2] F32.</param>
/// <param name="Modulations">Every row has its own timestep.</param>
/// <param name="ModulationGradients">Theirs.</param>
/// <param name="Activations">Scratch of both passes.</param>
/// <param name="Tape">What the forward keeps.</param>
/// <param name="Parts">What all of it takes.</param>
internal sealed record DitTrainingBuffers(
    DitTrainingInputs Inputs,
    Tensor Output,
    Tensor OutputGradient,
    Tensor Losses,
    DitModulations Modulations,
    DitModulationGradients ModulationGradients,
    DitActivations Activations,
    DitTape Tape,
    IReadOnlyList<MemoryPart> Parts)
{
    private const string Images = "inputs, outputs, losses", Modulated = "modulations and their gradients";

    /// <summary>Carves everything.</summary>
    public static DitTrainingBuffers Take(Arena arena, DitArchitecture a, int batch, TrainingPlanOptions options)
    {
        var ledger = new TrainingMemory.Ledger(arena);
        return new DitTrainingBuffers(
            ledger.Take(Images, memory => DitTrainingInputs.Take(memory, a, batch, DitTrainingStep.Process)),
            ledger.Take(Images, Image),
            ledger.Take(Images, Image),
            ledger.Take(Images, memory => memory.Take(DType.F32, batch, 2)),
            ledger.Take(Modulated, memory => DitModulations.TakeForTraining(memory, a, batch)),
            ledger.Take(Modulated, memory => DitModulationGradients.Take(memory, a, batch)),
            ledger.Take("activations", memory => DitActivations.Take(memory, a, batch)),
            ledger.Take("kept for the backward pass", memory => DitTape.ForWeights(memory, a, batch, options.Checkpointing)),
            ledger.Parts);

        Tensor Image(Arena memory) => memory.Take(DType.F32, batch, a.OutChannels, a.InputSize, a.InputSize);
    }
}
