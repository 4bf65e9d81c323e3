using L2c.Kernels;
using L2c.Model.Caching;
using L2c.Model.Dit;
using L2c.Model.Samplers;
using L2c.Weights.Layouts;

namespace L2c.Model.Sampling;

/// <summary>The memory of a run beside the weights: inputs, workspace, modulations, cache slots.</summary>
/// <param name="States">[N,C,H,W] each: the sampler's states; x0 where it is kept.</param>
/// <param name="Labels">[R]: the images' labels, then the null label with guidance.</param>
/// <param name="GuidanceScale">[1], or none.</param>
/// <param name="TimeEmbedding">[evaluations, 256].</param>
/// <param name="Noise">By evaluation [N,C,H,W], or none where it adds none; one and the same unless the run is one sequence.</param>
/// <param name="Groups">Modulations per group of evaluations, in shared memory.</param>
/// <param name="Activations">For B rows.</param>
/// <param name="Slots">[B,T,C] each: kept branch outputs.</param>
/// <param name="Output">[B,C_out,H,W].</param>
/// <param name="Guided">[B,C_out,H,W], or none.</param>
internal sealed record RunBuffers(
    SamplerTensors States,
    Tensor Labels,
    Tensor GuidanceScale,
    Tensor TimeEmbedding,
    Tensor[] Noise,
    DitModulations[] Groups,
    DitActivations Activations,
    Tensor[] Slots,
    Tensor Output,
    Tensor Guided)
{
    /// <summary>[N,C,H,W]: the samples, once the run has ended.</summary>
    public Tensor X => States.X;

    /// <summary>Memory of the slots.</summary>
    public long CacheBytes => Slots.Sum(slot => slot.Shape.Count * slot.DType.Size());

    /// <summary>Evaluations whose modulations fit the limit, and so make a group.</summary>
    public static int GroupSize(DitArchitecture a, int evaluations, int rowsPerEvaluation, DType storage, PlanSwitches switches)
    {
        if (!switches.ModulationsAhead)
        {
            return 1;
        }

        // Per row: six vectors a block, two at the end, c's SiLU and its gathered copy.
        long bytesPerEvaluation = (long)rowsPerEvaluation * a.HiddenSize * ((6 * a.Depth) + 4) * storage.Size();
        return (int)Math.Clamp(switches.ModulationLimitBytes / bytesPerEvaluation, 1, evaluations);
    }

    /// <summary>Uploads what never changes: the timesteps' embeddings and the rows that GEMMs gather.</summary>
    public void UploadConstants(Device device, SamplerTable sampler)
    {
        float[] timeEmbedding = new float[TimeEmbedding.Shape.Count];
        TimestepEmbedding.Fill([.. sampler.Evaluations.Select(s => s.Time)], timeEmbedding);
        device.Upload(TimeEmbedding, timeEmbedding);
        Array.ForEach(Groups, group => group.UploadIndices(device));
    }

    /// <summary>Carves everything.</summary>
    public static RunBuffers Take(
        Arena arena, DitArchitecture a, SamplerTable sampler, CacheSchedule schedule, CacheSlots slots, int images, SamplingOptions options)
    {
        int rows = options.Guidance.Rows(images), modulationRows = options.Guidance == Guidance.None ? images : images + 1;
        int size = a.InputSize, evaluations = sampler.Evaluations.Count;
        int groupSize = GroupSize(a, evaluations, modulationRows, arena.StorageType, options.Switches);
        int count = (evaluations + groupSize - 1) / groupSize;
        int[] groups = [.. Enumerable.Range(0, count).Select(g => Math.Min(groupSize, evaluations - (g * groupSize)))];
        return new RunBuffers(
            States: new SamplerTensors(
                Image(), Held(SamplerState.U), Held(SamplerState.H1), Held(SamplerState.H2), Held(SamplerState.H3), options.KeepPredictions ? Image() : default),
            Labels: arena.Take(DType.I32, modulationRows),
            GuidanceScale: options.Guidance == Guidance.None ? default : arena.Take(DType.F32, 1),
            TimeEmbedding: arena.Take(evaluations, TimestepEmbedding.Width),
            Noise: Noise(),
            Groups: DitModulations.Take(arena, a, groups, modulationRows, (g, e, block, part) => Needs((g * groupSize) + e, block, part)),
            Activations: DitActivations.Take(arena, a, rows),
            Slots: [.. Enumerable.Range(0, slots.Count).Select(_ => arena.Take(rows, a.Tokens, a.HiddenSize))],
            Output: arena.Take(DType.F32, rows, a.OutChannels, size, size),
            Guided: options.KeepPredictions ? arena.Take(DType.F32, rows, a.OutChannels, size, size) : default);

        Tensor[] Noise()
        {
            Tensor shared = !options.OneSequence && sampler.Evaluations.Any(s => s.UsesNoise) ? Image() : default;
            return [.. sampler.Evaluations.Select(s => !s.UsesNoise ? default : options.OneSequence ? Image() : shared)];
        }

        Tensor Held(SamplerState state) => sampler.Holds(state) ? Image() : default;

        Tensor Image() => arena.Take(DType.F32, images, a.InChannels, size, size);

        bool Needs(int evaluation, int block, ModulationPart part) =>
            !options.Switches.SkipUnused || (schedule.Action(evaluation, part.Branch(block)) switch
            {
                BranchAction.Compute => true,
                BranchAction.Reuse => part.IsGate(),
                _ => false,
            });
    }
}
