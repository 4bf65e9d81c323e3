using L2c.Kernels;
using L2c.Model.Networks;
using L2c.Weights.Layouts;

namespace L2c.Model.Runs;

/// <summary>The memory of a run beside the weights: inputs, the network's, cache slots.</summary>
/// <param name="States">[N,C,H,W] each: the sampler's states; x0 where it is kept.</param>
/// <param name="GuidanceScale">[1], or none.</param>
/// <param name="Noise">By evaluation [N,C,H,W], or none where it adds none; one and the same unless the run is one sequence.</param>
/// <param name="Network">For B rows and all evaluations.</param>
/// <param name="Slots">[B,T,C] each: kept branch outputs.</param>
/// <param name="Deltas">[B,T,C] each: where deltas of segments are computed, if the slots receive copies of them.</param>
/// <param name="Output">[B,C_out,H,W].</param>
/// <param name="Guided">[B,C_out,H,W], or none.</param>
internal sealed record RunBuffers(
    SamplerTensors States, Tensor GuidanceScale, Tensor[] Noise, NetworkMemory Network, Tensor[] Slots, Tensor[] Deltas, Tensor Output, Tensor Guided)
{
    /// <summary>[N,C,H,W]: the samples, once the run has ended.</summary>
    public Tensor X => States.X;

    /// <summary>Memory of the slots.</summary>
    public long CacheBytes => Slots.Sum(slot => slot.Shape.Count * slot.DType.Size());

    /// <summary>Carves everything.</summary>
    public static RunBuffers Take(Arena arena, RunPlan plan)
    {
        (TransformerArchitecture a, SamplingOptions options) = (plan.Model.Architecture, plan.Options);
        return new RunBuffers(
            States: new SamplerTensors(
                Image(), Held(SamplerState.U), Held(SamplerState.H1), Held(SamplerState.H2), Held(SamplerState.H3), options.KeepPredictions ? Image() : default),
            GuidanceScale: options.Guidance == Guidance.None ? default : arena.Take(DType.F32, 1),
            Noise: Noise(),
            Network: plan.Model.Take(arena, plan.Needs),
            Slots: [.. Enumerable.Range(0, plan.Slots.Count).Select(_ => arena.Take(plan.CacheType, plan.Rows, a.Tokens, a.HiddenSize))],
            Deltas: [.. Enumerable.Range(0, plan.Deltas?.Count ?? 0).Select(_ => arena.Take(plan.Rows, a.Tokens, a.HiddenSize))],
            Output: Outputs(),
            Guided: options.KeepPredictions ? Outputs() : default);

        Tensor[] Noise()
        {
            Tensor shared = !options.OneSequence && plan.Sampler.Evaluations.Any(s => s.UsesNoise) ? Image() : default;
            return [.. plan.Sampler.Evaluations.Select(s => !s.UsesNoise ? default : options.OneSequence ? Image() : shared)];
        }

        Tensor Held(SamplerState state) => plan.Sampler.Holds(state) ? Image() : default;

        Tensor Image() => arena.Take(DType.F32, plan.Images, a.InChannels, a.InputSize, a.InputSize);

        Tensor Outputs() => arena.Take(DType.F32, plan.Rows, a.OutChannels, a.InputSize, a.InputSize);
    }
}
