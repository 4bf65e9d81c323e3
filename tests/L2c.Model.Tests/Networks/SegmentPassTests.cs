using L2c.Kernels;
using L2c.Model.Caching;
using L2c.Model.Networks;
using L2c.Model.Runs;
using L2c.Model.Tests.Training;
using L2c.Testing;
using L2c.Weights;
using L2c.Weights.Layouts;

namespace L2c.Model.Tests.Networks;

/// <summary>
/// Segments of an evaluation, kept and then replaced in another, held against the network in double precision: what is kept is the stream after a
/// segment minus the stream before it, with the gates of then, and is added without a gate.
/// </summary>
public sealed class SegmentPassTests
{
    private const float KeptTime = 500.5f, Time = 17;

    // A smallest network, an awkward one (12 tokens short of a vector, odd widths), and what the published configurations vary.
    private static readonly Dictionary<string, TransformerArchitecture> _networks = new()
    {
        ["DiT"] = TrainingFixture.Tiny,
        ["one block"] = TrainingFixture.Tiny with { Depth = 1 },
        ["awkward DiT"] = TrainingFixture.Tiny with { Depth = 3, HiddenSize = 15, Heads = 3, InputSize = 6, InChannels = 1 },
        ["U-ViT"] = RandomUVit.Tiny with { Depth = 4 },
        ["awkward U-ViT"] = RandomUVit.Variants["everything"] with { HiddenSize = 15, Heads = 3, InputSize = 6 },
    };

    public static TheoryData<string, string> Cases =>
    [
        ("one block", "0-0"), ("one block", "1-1"), ("one block", "0-1"),
        ("DiT", "0-3"), ("DiT", "1-2"), ("DiT", "2-3"), ("DiT", "0-0 1-1 2-2 3-3"), ("DiT", "0-1 2-3"),
        ("awkward DiT", "0-5"), ("awkward DiT", "1-4"), ("awkward DiT", "1-2 4-5"),
        ("U-ViT", "0-9"), ("U-ViT", "2-7"), ("U-ViT", "3-6"), ("U-ViT", "4-5"), ("U-ViT", "1-8"),
        ("U-ViT", "0-1 2-3 6-7 8-9"), ("U-ViT", "1-1 2-2 5-5 8-8"),
        ("awkward U-ViT", "0-9"), ("awkward U-ViT", "2-7"), ("awkward U-ViT", "8-9"),
    ];

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_replaced_segment_adds_what_it_added_before(string network, string segments)
    {
        TransformerArchitecture a = _networks[network];
        Hold(a, RandomDit.Reader(a), TrainingFixture.Parameters(a), [.. segments.Split(' ').Select(Segment)]);
    }

    [Fact]
    public void The_demo_model_does_so_too()
    {
        using TensorFile file = TensorFiles.Open(
            Path.Combine(RepositoryPaths.Root!, "src", "L2c.Engine", "models", "shapes-dit8.safetensors"));
        WeightsFile weights = WeightsLayout.Resolve(file);
        var a = weights.Require<DitArchitecture>();
        Dictionary<string, double[]> parameters = weights.Tensors.ToDictionary(t => t.Name, t =>
        {
            float[] values = new float[t.Count];
            weights.Read(t.Name, values);
            return Array.ConvertAll(values, v => (double)v);
        });
        Hold(a, weights.Read, parameters, [new CacheSegment(3, 10)]);
    }

    [Theory]
    [InlineData("DiT", "0-0 0-1 0-3 1-3 2-3")]
    [InlineData("U-ViT", "0-0 0-1 0-9 2-2 2-7 2-3 8-9")]
    public void Segments_that_overlap_are_kept_each(string network, string segments)
    {
        TransformerArchitecture a = _networks[network];
        CacheSegment[] all = [.. segments.Split(' ').Select(Segment)];
        HoldKept(a, RandomDit.Reader(a), Network(a, TrainingFixture.Parameters(a)), all, fuses: true);
    }

    /// <summary>What is added right after a segment is no part of its delta.</summary>
    [Theory]
    [InlineData("DiT", true)]
    [InlineData("DiT", false)]
    [InlineData("U-ViT", true)]
    [InlineData("U-ViT", false)]
    public void A_reused_branch_behind_a_kept_segment_is_not_kept_with_it(string network, bool fuses)
    {
        TransformerArchitecture a = _networks[network];
        CacheSegment segment = new(0, 1);
        float[] reused = TrainingFixture.Normal(7, a.Tokens * a.HiddenSize);
        (float[][] deltas, float[] _) = Run(a, RandomDit.Reader(a), [segment], fuses, (segment.Last + 1, reused));
        DoubleTransformer expected = Network(a, TrainingFixture.Parameters(a));
        double[] kept = Array.ConvertAll(reused, v => (double)v);
        _ = expected.Forward(Image(a), KeptTime, 2, b => b == segment.Last + 1 ? (0, kept) : (1, kept));
        double bound = 1e-5 * expected.Leaving.Max(x => x.Max(Math.Abs));
        Assert.All(expected.Delta(segment).Zip(deltas[0]), pair => Assert.Equal(pair.First, pair.Second, bound));
        Assert.Contains(
            expected.Delta(new(segment.First, segment.Last + 1)).Zip(deltas[0]), pair => Math.Abs(pair.First - pair.Second) > 100 * bound);
    }

    /// <summary>Gates of now in place of those of then, and a segment off by a branch, are another result.</summary>
    [Fact]
    public void What_is_held_against_tells_wrong_readings()
    {
        TransformerArchitecture a = _networks["DiT"];
        var network = new DoubleDit((DitArchitecture)a, TrainingFixture.Parameters(a));
        CacheSegment segment = new(1, 2);
        float[] image = Image(a);
        _ = network.Forward(image, KeptTime, 2);
        double[] delta = network.Delta(segment), wider = network.Delta(new CacheSegment(1, 3)), late = network.Delta(new CacheSegment(2, 3));
        double[][] then = [.. network.Branches];
        double[] right = Replaced(delta);
        Assert.All((double[][])[wider, late], other => Assert.True(Difference(right, Replaced(other)) > 1e-3));

        // With the gates of now the segment is its outputs of then, reused.
        network.Replaced = new Dictionary<CacheSegment, double[]>();
        double[] now = network.Forward(image, Time, 2, b => segment.Contains(b) ? (0, then[b]) : (1, then[b]));
        Assert.True(Difference(right, now) > 1e-3);

        double[] Replaced(double[] kept)
        {
            network.Replaced = new Dictionary<CacheSegment, double[]> { [segment] = kept };
            return network.Forward(image, Time, 2);
        }
    }

    private static void Hold(TransformerArchitecture a, WeightReader read, Dictionary<string, double[]> parameters, CacheSegment[] segments)
    {
        foreach (bool fuses in (bool[])[true, false])
        {
            DoubleTransformer network = Network(a, parameters);
            float[] output = HoldKept(a, read, network, segments, fuses);
            network.Replaced = segments.ToDictionary(s => s, network.Delta);
            double[] right = network.Forward(Image(a), Time, 2);
            Assert.InRange(Difference(right, [.. output.Select(v => (double)v)]), 0, 1e-5);
        }
    }

    private static DoubleTransformer Network(TransformerArchitecture a, Dictionary<string, double[]> parameters) =>
        a is UVitArchitecture u ? new DoubleUVit(u, parameters) : new DoubleDit((DitArchitecture)a, parameters);

    /// <summary>Holds what is kept of segments, and returns the output of an evaluation that replaces those which do not overlap.</summary>
    private static float[] HoldKept(TransformerArchitecture a, WeightReader read, DoubleTransformer network, CacheSegment[] segments, bool fuses)
    {
        (float[][] deltas, float[] output) = Run(a, read, segments, fuses);
        _ = network.Forward(Image(a), KeptTime, 2);

        // Rounding of a difference is that of what is subtracted.
        double bound = 1e-5 * network.Leaving.Max(x => x.Max(Math.Abs));
        foreach ((CacheSegment segment, float[] delta) in segments.Zip(deltas))
        {
            Assert.All(network.Delta(segment).Zip(delta), pair => Assert.Equal(pair.First, pair.Second, bound));
        }

        return output;
    }

    /// <summary>The kept deltas of one evaluation, and the output of another in which they stand for their segments.</summary>
    private static (float[][] Deltas, float[] Output) Run(
        TransformerArchitecture a, WeightReader read, CacheSegment[] segments, bool fuses, (int Branch, float[] Output)? reused = null)
    {
        using var device = new CpuDevice(2);
        using Network model = NetworkFamilies.Load(a, read, device);
        (Arena arena, (Tensor Image, Tensor Output, NetworkMemory Memory, Tensor[] Kept, Tensor Reused) pass) = Arena.Carve(device, "segments", carved => (
            carved.Take(DType.F32, 1, a.InChannels, a.InputSize, a.InputSize),
            carved.Take(DType.F32, 1, a.OutChannels, a.InputSize, a.InputSize),
            model.Take(carved, new NetworkNeeds(1)),
            segments.Select(_ => carved.Take(1, a.Tokens, a.HiddenSize)).ToArray(),
            carved.Take(1, a.Tokens, a.HiddenSize)));
        using Arena owned = arena;
        pass.Memory.UploadConstants(device);
        device.Upload(pass.Image, Image(a));
        device.Upload(pass.Memory.Labels, [2]);
        var switches = new PlanSwitches { FuseSkips = fuses };

        EvaluationPlan keeping = EvaluationPlan.Full(pass.Memory, a.Branches) with { Segments = [.. segments.Zip(pass.Kept, SegmentPlan.Keeping)] };
        if (reused is { } known)
        {
            device.Upload(pass.Reused, known.Output);
            keeping.Branches[known.Branch] = BranchPlan.Reused(pass.Reused);
        }

        Forward(KeptTime, keeping);
        BranchPlan[] branches = EvaluationPlan.Full(pass.Memory, a.Branches).Branches;
        for (int b = 0; b < branches.Length; b++)
        {
            branches[b] = segments.Any(s => s.Contains(b)) ? BranchPlan.Dropped : branches[b];
        }

        float[][] deltas = [.. pass.Kept.Select(Values)];
        Forward(Time, new EvaluationPlan(0, branches)
        {
            Segments = [.. segments.Zip(pass.Kept, (segment, kept) => SegmentPlan.Replaced(segment, new Term(kept)))
                .Where((plan, i) => !segments.Take(i).Any(s => s.Contains(plan.Segment.First) || s.Contains(plan.Segment.Last)))],
        });
        return (deltas, Values(pass.Output));

        void Forward(float time, EvaluationPlan plan)
        {
            pass.Memory.SetTimes(device, [time]);
            model.Prepare(pass.Memory, 0);
            model.Forward(pass.Image, pass.Memory, plan with { Switches = switches }, pass.Output);
        }

        float[] Values(Tensor tensor)
        {
            float[] values = new float[tensor.Shape.Count];
            device.Download(tensor, values);
            return values;
        }
    }

    private static float[] Image(TransformerArchitecture a) => TrainingFixture.Normal(1, a.InChannels * a.InputSize * a.InputSize);

    private static CacheSegment Segment(string text) => new(text[0] - '0', text[2] - '0');

    /// <summary>Largest difference relative to the largest value.</summary>
    private static double Difference(double[] expected, double[] actual)
    {
        double difference = expected.Zip(actual, (x, y) => Math.Abs(x - y)).Max() / expected.Max(Math.Abs);
        return double.IsFinite(difference) ? difference : double.PositiveInfinity;
    }
}
