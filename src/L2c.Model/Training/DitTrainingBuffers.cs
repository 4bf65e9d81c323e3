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
internal sealed record DitTrainingBuffers(
    DitTrainingInputs Inputs,
    Tensor Output,
    Tensor OutputGradient,
    Tensor Losses,
    DitModulations Modulations,
    DitModulationGradients ModulationGradients,
    DitActivations Activations,
    DitTape Tape)
{
    /// <summary>Carves everything.</summary>
    public static DitTrainingBuffers Take(Arena arena, DitArchitecture a, int batch, TrainingPlanOptions options, List<MemoryPart> parts)
    {
        var ledger = new TrainingMemory.Ledger(arena, parts);
        return new DitTrainingBuffers(
            ledger.Take("inputs", memory => DitTrainingInputs.Take(memory, a, batch, DitTrainingStep.Process)),
            ledger.Take("output", Image),
            ledger.Take("gradient of the output", Image),
            ledger.Take("losses", memory => memory.Take(DType.F32, batch, 2)),
            ledger.Take("modulations", memory => DitModulations.TakeForTraining(memory, a, batch)),
            ledger.Take("gradients of modulations", memory => DitModulationGradients.Take(memory, a, batch)),
            ledger.Take("activations", memory => DitActivations.Take(memory, a, batch)),
            ledger.Take("kept for the backward pass", memory => DitTape.ForWeights(memory, a, batch, options.Checkpointing)));

        Tensor Image(Arena memory) => memory.Take(DType.F32, batch, a.OutChannels, a.InputSize, a.InputSize);
    }
}
