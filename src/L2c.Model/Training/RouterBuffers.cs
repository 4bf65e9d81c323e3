using L2c.Kernels;
using L2c.Model.Networks;
using L2c.Weights.Layouts;

namespace L2c.Model.Training;

/// <summary>The memory of a router's draw beside the weights.</summary>
/// <param name="States">[B,C,H,W] each: the sampler's, x first as a draw begins, then as it is compared.</param>
/// <param name="Output">[B,C_out,H,W]: of the evaluations that lead to the comparison, then the student's.</param>
/// <param name="Teacher">[B,C_out,H,W].</param>
/// <param name="OutputGradient">[B,C_out,H,W].</param>
/// <param name="SquaredErrors">[B] F32: of each image.</param>
/// <param name="Cached">By branch, [B,T,C]: what it contributes where it is not computed: outputs of the refresh evaluation, or forecasts.</param>
/// <param name="Kept">By <see cref="DrawTable.Kept"/> and branch, [B,T,C]: the outputs that a forecast weighs; none without.</param>
/// <param name="Weights">[2 branches, 1] F32: w and 1 - w of each.</param>
/// <param name="WeightGradients">[branches, B T] F32: shares of d loss / d w.</param>
/// <param name="Network">Of the evaluations that lead to the comparison, and of teacher and student, which share theirs.</param>
/// <param name="Parts">What all of it takes.</param>
internal sealed record RouterBuffers(
    SamplerTensors States,
    Tensor Output,
    Tensor Teacher,
    Tensor OutputGradient,
    Tensor SquaredErrors,
    Tensor[] Cached,
    Tensor[][] Kept,
    Tensor Weights,
    Tensor WeightGradients,
    NetworkMemory Network,
    IReadOnlyList<MemoryPart> Parts)
{
    private const string Images = "inputs, outputs, losses", Cache = "cached branch outputs";

    /// <summary>[B,C,H,W].</summary>
    public Tensor X => States.X;

    /// <summary>Carves everything.</summary>
    public static RouterBuffers Take(Arena arena, Network network, DrawTable draws, int batch, TrainingPlanOptions options)
    {
        var ledger = new TrainingMemory.Ledger(arena);
        TransformerArchitecture a = network.Architecture;
        SamplerTensors states = new(
            State(SamplerState.X), State(SamplerState.U), State(SamplerState.H1), State(SamplerState.H2), State(SamplerState.H3));
        Tensor output = Image(), teacher = Image(), gradient = Image(), errors = ledger.Take(Images, memory => memory.Take(DType.F32, batch));
        Tensor[] cached = Branches();
        Tensor[][] kept = draws.Forecast is null ? [] : [.. draws.Kept.Select(_ => Branches())];
        Tensor weights = ledger.Take(Cache, memory => memory.Take(DType.F32, 2 * a.Branches, 1));
        Tensor weightGradients = ledger.Take(Cache, memory => memory.Take(DType.F32, a.Branches, batch * a.Tokens));
        NetworkMemory its = network.Take(
            arena, new NetworkNeeds(batch) { Evaluations = draws.Lead + 1, Gradients = GradientsOf.Terms, Recomputes = options.Recompute });
        return new RouterBuffers(
            states, output, teacher, gradient, errors, cached, kept, weights, weightGradients, its, [.. ledger.Parts, .. its.Parts]);

        Tensor[] Branches() => ledger.Take(Cache, memory =>
            Enumerable.Range(0, a.Branches).Select(_ => memory.Take(batch, a.Tokens, a.HiddenSize)).ToArray());

        Tensor State(SamplerState state) => draws.Sampler.Holds(state)
            ? ledger.Take(Images, memory => memory.Take(DType.F32, batch, a.InChannels, a.InputSize, a.InputSize))
            : default;

        Tensor Image() => ledger.Take(Images, memory => memory.Take(DType.F32, batch, a.OutChannels, a.InputSize, a.InputSize));
    }
}
