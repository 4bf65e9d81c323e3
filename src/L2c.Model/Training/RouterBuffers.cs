using L2c.Kernels;
using L2c.Model.Dit;
using L2c.Weights.Layouts;

namespace L2c.Model.Training;

/// <summary>The memory of a router step beside the weights.</summary>
/// <param name="X">[B,C,H,W]: noised at index 2t + 1, then at 2t.</param>
/// <param name="Labels">[B].</param>
/// <param name="TimeEmbedding">[2, 256]: of index 2t + 1 and of 2t.</param>
/// <param name="Output">[B,C_out,H,W]: of the refresh evaluation, then the student's.</param>
/// <param name="Teacher">[B,C_out,H,W].</param>
/// <param name="OutputGradient">[B,C_out,H,W].</param>
/// <param name="SquaredErrors">[B] F32: of each image.</param>
/// <param name="Modulations">Of the two indices; teacher and student share theirs.</param>
/// <param name="Cached">The refresh evaluation's branch outputs, the student's weights and their gradients.</param>
/// <param name="Activations">For the three forward passes, then for gradients.</param>
/// <param name="Tape">The student's.</param>
/// <param name="Parts">What all of it takes.</param>
internal sealed record RouterBuffers(
    Tensor X,
    Tensor Labels,
    Tensor TimeEmbedding,
    Tensor Output,
    Tensor Teacher,
    Tensor OutputGradient,
    Tensor SquaredErrors,
    DitModulations Modulations,
    CachedBranches Cached,
    DitActivations Activations,
    DitTape Tape,
    IReadOnlyList<MemoryPart> Parts)
{
    private const string Images = "inputs, outputs, losses";

    // Index 2t + 1 and index 2t.
    private const int Evaluations = 2;

    /// <summary>Carves everything.</summary>
    public static RouterBuffers Take(Arena arena, DitArchitecture a, int batch, TrainingPlanOptions options)
    {
        var ledger = new TrainingMemory.Ledger(arena);
        DitActivations activations = ledger.Take("activations", memory => DitActivations.Take(memory, a, batch));
        return new RouterBuffers(
            ledger.Take(Images, memory => memory.Take(DType.F32, batch, a.InChannels, a.InputSize, a.InputSize)),
            ledger.Take(Images, memory => memory.Take(DType.I32, batch)),
            ledger.Take(Images, memory => memory.Take(Evaluations, TimestepEmbedding.Width)),
            ledger.Take(Images, Image),
            ledger.Take(Images, Image),
            ledger.Take(Images, Image),
            ledger.Take(Images, memory => memory.Take(DType.F32, batch)),
            ledger.Take("modulations", memory => DitModulations.Take(memory, a, Evaluations, batch, Evaluations)),
            ledger.Take("cached branch outputs", memory => CachedBranches.Take(memory, a, batch)),
            activations,
            ledger.Take("kept for the backward pass", memory => DitTape.ForRouters(memory, a, activations, batch, options.Checkpointing)),
            ledger.Parts);

        Tensor Image(Arena memory) => memory.Take(DType.F32, batch, a.OutChannels, a.InputSize, a.InputSize);
    }
}
