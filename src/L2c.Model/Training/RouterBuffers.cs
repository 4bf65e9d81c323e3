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
    DitTape Tape)
{
    /// <summary>Index 2t + 1 and index 2t.</summary>
    private const int Evaluations = 2;

    /// <summary>Carves everything.</summary>
    public static RouterBuffers Take(Arena arena, DitArchitecture a, int batch, TrainingPlanOptions options, List<MemoryPart> parts)
    {
        var ledger = new TrainingMemory.Ledger(arena, parts);
        int size = a.InputSize, branches = 2 * a.Depth;
        var images = ledger.Take("inputs, outputs, loss", memory => (
            X: memory.Take(DType.F32, batch, a.InChannels, size, size),
            Labels: memory.Take(DType.I32, batch),
            Time: memory.Take(Evaluations, TimestepEmbedding.Width),
            Output: Image(memory),
            Teacher: Image(memory),
            Gradient: Image(memory),
            Errors: memory.Take(DType.F32, batch),
            Weights: memory.Take(DType.F32, branches, 1),
            WeightGradients: memory.Take(DType.F32, branches, batch * a.Tokens)));
        DitModulations modulations = ledger.Take("modulations", memory => DitModulations.Take(memory, a, Evaluations, batch, Evaluations));
        DitActivations activations = ledger.Take("activations", memory => DitActivations.Take(memory, a, batch));
        Tensor[] cached = ledger.Take(
            "cached branch outputs", memory => Enumerable.Range(0, branches).Select(_ => memory.Take(batch, a.Tokens, a.HiddenSize)).ToArray());
        DitTape tape = ledger.Take("kept for the backward pass", memory => DitTape.ForRouters(memory, a, activations, batch, options.Checkpointing));
        return new RouterBuffers(
            images.X,
            images.Labels,
            images.Time,
            images.Output,
            images.Teacher,
            images.Gradient,
            images.Errors,
            modulations,
            new CachedBranches(cached, images.Weights, images.WeightGradients),
            activations,
            tape);

        Tensor Image(Arena memory) => memory.Take(DType.F32, batch, a.OutChannels, size, size);
    }
}
