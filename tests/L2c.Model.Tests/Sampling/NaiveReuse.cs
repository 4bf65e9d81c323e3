using L2c.Kernels;
using L2c.Model.Caching;
using L2c.Model.Dit;
using L2c.Model.Randomness;
using L2c.Model.Samplers;
using L2c.Model.Sampling;
using L2c.Weights.Layouts;

namespace L2c.Model.Tests.Sampling;

/// <summary>Sampling with reuse as code without a plan does it: eagerly, each computed output copied to the host, and back where it is reused.</summary>
internal static class NaiveReuse
{
    /// <summary>Runs all evaluations, x0 clamped, and returns the state.</summary>
    /// <param name="model">The network.</param>
    /// <param name="sampler">Its steps.</param>
    /// <param name="schedule">Only what it computes is asked; which output a reuse takes is found here.</param>
    /// <param name="labels">One per image.</param>
    /// <param name="guidance">Where guidance acts.</param>
    /// <param name="scale">Guidance scale.</param>
    /// <param name="noise">x_T and the steps' noise.</param>
    /// <param name="keepsFirst">A planted fault: only the first output of a branch is kept, later ones are not copied.</param>
    public static float[] Sample(
        DitModel model, SamplerTable sampler, CacheSchedule schedule, int[] labels, Guidance guidance, float scale, INoiseSource noise, bool keepsFirst = false)
    {
        DitArchitecture a = model.Architecture;
        Device device = model.Device;
        int images = labels.Length, rows = guidance.Rows(images), branches = 2 * a.Depth;
        int[] modulated = guidance == Guidance.None ? labels : [.. labels, a.NullLabel];
        (Arena arena, Buffers b) = Arena.Carve(device, "naive reuse", arena => new Buffers(
            new SamplerTensors(State(arena), State(arena), State(arena), State(arena), State(arena)),
            State(arena),
            Image(arena, rows, a.OutChannels),
            arena.Take(DType.F32, 1),
            arena.Take(DType.F32, 1, TimestepEmbedding.Width),
            arena.Take(DType.I32, modulated.Length),
            DitModulations.Take(arena, a, 1, modulated.Length, 1),
            DitActivations.Take(arena, a, rows),
            [.. Enumerable.Range(0, branches).Select(_ => arena.Take(DType.F32, rows, a.Tokens, a.HiddenSize))]));
        using (arena)
        {
            float[]?[] kept = new float[branches][];
            float[] state = new float[b.States.X.Shape.Count], time = new float[TimestepEmbedding.Width];
            Draw(0, b.States.X);
            device.Upload(b.Labels, modulated);
            device.Upload(b.Scale, [scale]);
            for (int e = 0; e < sampler.Evaluations.Count; e++)
            {
                TimestepEmbedding.Fill([sampler.Evaluations[e].Time], time);
                device.Upload(b.Time, time);
                model.Modulate(b.Time, b.Labels, b.Modulations);
                var plans = new BranchPlan[branches];
                for (int branch = 0; branch < branches; branch++)
                {
                    plans[branch] = schedule.Computes(e, branch) ? new BranchPlan(BranchAction.Compute, b.Outputs[branch])
                        : schedule.DropsSkipped ? new BranchPlan(BranchAction.Drop, default)
                        : new BranchPlan(BranchAction.Reuse, b.Outputs[branch]);
                    if (plans[branch].Action == BranchAction.Reuse)
                    {
                        device.Upload(b.Outputs[branch], kept[branch]!);
                    }
                }

                model.Forward(b.States[sampler.Evaluations[e].Prediction.Input], new ForwardPlan(e, b.Modulations, 0, 1, plans, FuseSkips: false, SkipUnusedNorms: false), b.Activations, b.Output);
                for (int branch = 0; branch < branches; branch++)
                {
                    if (schedule.Computes(e, branch) && !(keepsFirst && kept[branch] is not null))
                    {
                        device.Download(b.Outputs[branch], kept[branch] = new float[b.Outputs[branch].Shape.Count]);
                    }
                }

                SamplerEvaluation step = sampler.Evaluations[e];
                if (step.UsesNoise)
                {
                    Draw(e + 1, b.Noise);
                }

                device.SamplerUpdate(
                    b.Output,
                    guidance == Guidance.None ? default : b.Scale,
                    guidance.Channels(a),
                    step.Prediction with { ClipX0 = true },
                    b.States,
                    b.Noise,
                    step.Updates);
            }

            device.Download(b.States.X, state);
            return state;
        }

        Tensor State(Arena memory) => Image(memory, images, a.InChannels);

        Tensor Image(Arena memory, int count, int channels) => memory.Take(DType.F32, count, channels, a.InputSize, a.InputSize);

        void Draw(int draw, Tensor destination)
        {
            float[] values = new float[destination.Shape.Count];
            noise.Fill(draw, images, values.Length / images, values);
            device.Upload(destination, values);
        }
    }

    private sealed record Buffers(
        SamplerTensors States,
        Tensor Noise,
        Tensor Output,
        Tensor Scale,
        Tensor Time,
        Tensor Labels,
        DitModulations Modulations,
        DitActivations Activations,
        Tensor[] Outputs);
}
