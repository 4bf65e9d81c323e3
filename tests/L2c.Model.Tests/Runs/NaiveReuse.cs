using L2c.Kernels;
using L2c.Model.Caching;
using L2c.Model.Networks;
using L2c.Model.Randomness;
using L2c.Model.Runs;
using L2c.Model.Samplers;
using L2c.Weights.Layouts;

namespace L2c.Model.Tests.Runs;

/// <summary>
/// Sampling with reuse as code without a plan does it: eagerly, each computed output copied to the host, and back where it is reused. What a segment
/// of whole blocks adds is the difference of two streams that a tap has seen.
/// </summary>
internal static class NaiveReuse
{
    /// <summary>Runs all evaluations, x0 clamped, and returns the state.</summary>
    /// <param name="model">The network.</param>
    /// <param name="sampler">Its steps.</param>
    /// <param name="schedule">Only what it computes is asked, and the terms of forecasts and segments; which output a reuse takes is found
    /// here.</param>
    /// <param name="labels">One per image.</param>
    /// <param name="guidance">Where guidance acts.</param>
    /// <param name="scale">Guidance scale.</param>
    /// <param name="noise">x_T and the steps' noise.</param>
    /// <param name="keep">What happens to a value that is kept; null for nothing.</param>
    /// <param name="keepsFirst">A planted fault: only the first output of a branch is kept, later ones are not copied.</param>
    public static float[] Sample(
        Network model, SamplerTable sampler, CacheSchedule schedule, int[] labels, Guidance guidance, float scale, INoiseSource noise,
        Converter<float, float>? keep = null, bool keepsFirst = false)
    {
        TransformerArchitecture a = model.Architecture;
        Device device = model.Device;
        int images = labels.Length, rows = guidance.Rows(images), branches = a.Branches;
        bool guided = guidance != Guidance.None;
        (Arena arena, Buffers b) = Arena.Carve(device, "naive reuse", arena => new Buffers(
            new SamplerTensors(State(arena), State(arena), State(arena), State(arena), State(arena)),
            State(arena),
            Image(arena, rows, a.OutChannels),
            arena.Take(DType.F32, 1),
            model.Take(arena, new NetworkNeeds(images) { Guided = guided }),
            [.. Enumerable.Range(0, branches + schedule.Segments.Length).Select(_ => arena.Take(DType.F32, rows, a.Tokens, a.HiddenSize))]));
        using (arena)
        {
            float[]?[] kept = new float[branches][];
            var all = new Dictionary<(int Evaluation, int Unit), float[]>();
            float[] state = new float[b.States.X.Shape.Count];
            b.Network.UploadConstants(device);
            Draw(0, b.States.X);
            device.Upload(b.Network.Labels, guided ? [.. labels, a.NullLabel] : labels);
            device.Upload(b.Scale, [scale]);
            for (int e = 0; e < sampler.Evaluations.Count; e++)
            {
                b.Network.SetTimes(device, [sampler.Evaluations[e].Time]);
                model.Prepare(b.Network, 0);
                var plans = new BranchPlan[branches];
                for (int branch = 0; branch < branches; branch++)
                {
                    bool isReplaced = schedule.ReplacedIn(e).Any(r => r.Segment.Contains(branch));
                    bool reuses = !schedule.Computes(e, branch) && !schedule.DropsSkipped && !isReplaced;
                    plans[branch] = reuses ? BranchPlan.Reused(b.Outputs[branch])
                        : isReplaced || (schedule.DropsSkipped && !schedule.Computes(e, branch)) ? BranchPlan.Dropped
                        : BranchPlan.Computed(b.Outputs[branch]);
                    if (schedule.Action(e, branch) == BranchAction.Forecast)
                    {
                        device.Upload(b.Outputs[branch], Sum(schedule.Terms(e, branch), branch));
                    }
                    else if (reuses)
                    {
                        device.Upload(b.Outputs[branch], kept[branch]!);
                    }
                }

                SegmentPlan[] segments = [.. schedule.ReplacedIn(e).Select(r =>
                {
                    int unit = branches + schedule.Segments.IndexOf(r.Segment);
                    device.Upload(b.Outputs[unit], Sum(r.Terms, unit));
                    return SegmentPlan.Replaced(r.Segment, new Term(b.Outputs[unit]));
                })];
                var plan = new EvaluationPlan(0, plans)
                {
                    Segments = segments,
                    Switches = new PlanSwitches { FuseSkips = false, SkipUnused = false },
                };
                Dictionary<string, float[]> streams = [];
                bool taps = schedule.Segments.Length > 0 && Enumerable.Range(0, branches).All(branch => schedule.Computes(e, branch));
                model.Forward(b.States[sampler.Evaluations[e].Prediction.Input], b.Network, plan, b.Output, taps ? Keep : null);
                for (int i = 0; i < schedule.Segments.Length && taps; i++)
                {
                    (int first, int last) = (schedule.Segments[i].First / 2, schedule.Segments[i].Last / 2);
                    float[] before = streams.GetValueOrDefault($"block{first}.skip_out")
                        ?? streams[first == 0 ? "tokens_in" : $"block{first - 1}.out"];
                    all[(e, branches + i)] = Kept([.. streams[$"block{last}.out"].Zip(before, (x, y) => x - y)]);
                }

                void Keep(string stage, Tensor value)
                {
                    if (stage == "tokens_in" || stage.Split('.') is [_, "out" or "skip_out"])
                    {
                        device.Download(value, streams[stage] = new float[value.Shape.Count]);
                    }
                }

                for (int branch = 0; branch < branches; branch++)
                {
                    if (schedule.Computes(e, branch) && !(keepsFirst && kept[branch] is not null))
                    {
                        float[] output = new float[b.Outputs[branch].Shape.Count];
                        device.Download(b.Outputs[branch], output);
                        all[(e, branch)] = kept[branch] = Kept(output);
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
                    guidance.Channels(model.Info),
                    step.Prediction with { ClipX0 = true },
                    b.States,
                    b.Noise,
                    step.Updates);
            }

            device.Download(b.States.X, state);
            return state;

            float[] Kept(float[] values) => keep is null ? values : Array.ConvertAll(values, keep);

            float[] Sum(IReadOnlyList<CacheTerm> terms, int unit)
            {
                double[] sum = new double[b.Outputs[unit].Shape.Count];
                foreach (CacheTerm term in terms)
                {
                    float[] output = all[(term.Evaluation, unit)];
                    for (int i = 0; i < sum.Length; i++)
                    {
                        sum[i] += (double)term.Weight * output[i];
                    }
                }

                return Array.ConvertAll(sum, value => (float)value);
            }
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
        NetworkMemory Network,
        Tensor[] Outputs);
}
