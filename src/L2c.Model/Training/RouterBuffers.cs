using L2c.Kernels;
using L2c.Model.Networks;
using L2c.Weights.Layouts;

namespace L2c.Model.Training;

/// <summary>The memory of a router's draw beside the weights.</summary>
/// <param name="X">[B,C,H,W]: noised at index 2t + 1, then at 2t.</param>
/// <param name="Output">[B,C_out,H,W]: of the refresh evaluation, then the student's.</param>
/// <param name="Teacher">[B,C_out,H,W].</param>
/// <param name="OutputGradient">[B,C_out,H,W].</param>
/// <param name="SquaredErrors">[B] F32: of each image.</param>
/// <param name="Cached">By branch, [B,T,C]: the outputs of the refresh evaluation.</param>
/// <param name="Weights">[2 branches, 1] F32: w and 1 - w of each.</param>
/// <param name="WeightGradients">[branches, B T] F32: shares of d loss / d w.</param>
/// <param name="Network">Of the refresh evaluation, and of teacher and student, which share theirs.</param>
/// <param name="Parts">What all of it takes.</param>
internal sealed record RouterBuffers(
    Tensor X,
    Tensor Output,
    Tensor Teacher,
    Tensor OutputGradient,
    Tensor SquaredErrors,
    Tensor[] Cached,
    Tensor Weights,
    Tensor WeightGradients,
    NetworkMemory Network,
    IReadOnlyList<MemoryPart> Parts)
{
    private const string Images = "inputs, outputs, losses", Kept = "cached branch outputs";

    /// <summary>Carves everything.</summary>
    public static RouterBuffers Take(Arena arena, Network network, int batch, TrainingPlanOptions options)
    {
        var ledger = new TrainingMemory.Ledger(arena);
        TransformerArchitecture a = network.Architecture;
        Tensor x = ledger.Take(Images, memory => memory.Take(DType.F32, batch, a.InChannels, a.InputSize, a.InputSize));
        Tensor output = Image(), teacher = Image(), gradient = Image(), errors = ledger.Take(Images, memory => memory.Take(DType.F32, batch));
        Tensor[] cached = ledger.Take(Kept, memory =>
            Enumerable.Range(0, a.Branches).Select(_ => memory.Take(batch, a.Tokens, a.HiddenSize)).ToArray());
        Tensor weights = ledger.Take(Kept, memory => memory.Take(DType.F32, 2 * a.Branches, 1));
        Tensor weightGradients = ledger.Take(Kept, memory => memory.Take(DType.F32, a.Branches, batch * a.Tokens));
        NetworkMemory its = network.Take(
            arena, new NetworkNeeds(batch) { Evaluations = 2, Gradients = GradientsOf.Terms, Recomputes = options.Recompute });
        return new RouterBuffers(
            x, output, teacher, gradient, errors, cached, weights, weightGradients, its, [.. ledger.Parts, .. its.Parts]);

        Tensor Image() => ledger.Take(Images, memory => memory.Take(DType.F32, batch, a.OutChannels, a.InputSize, a.InputSize));
    }
}
