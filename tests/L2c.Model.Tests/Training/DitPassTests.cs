using L2c.Kernels;
using L2c.Model.Networks;
using L2c.Model.Networks.Dit;
using L2c.Model.Training;
using L2c.Weights.Layouts;

namespace L2c.Model.Tests.Training;

/// <summary>The two forms of the backward pass against each other.</summary>
public sealed class DitPassTests
{
    private const int Batch = 2;

    /// <summary>
    /// With nothing cached (zeros) and w = 1 the student is the network, and a branch adds gate w fresh to the stream: so its dw is the sum over the
    /// gate's gradients, each times its gate.
    /// </summary>
    [Fact]
    public void Frozen_and_trained_weights_give_the_same_gradient_of_the_stream()
    {
        DitArchitecture a = RandomDit.Small;
        using var device = new CpuDevice(2);
        (Arena parameterArena, TrainedParameters parameters) = Arena.Carve(device, "parameters", memory => TrainedParameters.Take(memory, a));
        using Arena owned = parameterArena;
        NetworkFamily family = NetworkFamilies.Of(a);
        using Network trainedModel = family.Load(a, RandomDit.Reader(a), device, WeightUse.Inference, parameters);
        using DitModel frozenModel = RandomDit.Load(a, device, WeightUse.RouterTraining);
        trainedModel.Pack();
        (Arena arena, Memory memory) = Arena.Carve(device, "passes", carved => new Memory(carved, trainedModel, frozenModel));
        using Arena alsoOwned = arena;
        memory.Upload(device, a);

        var full = EvaluationPlan.Full(memory.Trained, a.Branches, hasBackward: true);
        trainedModel.Prepare(memory.Trained, 0);
        trainedModel.Forward(memory.Image, memory.Trained, full, memory.Output);
        float[] output = Read(memory.Output);
        trainedModel.Backward(memory.Trained, full, memory.OutputGradient);

        EvaluationPlan student = new(0, [.. Enumerable.Range(0, a.Branches).Select(StudentBranch)]) { HasBackward = true };
        device.Upload(memory.Frozen.Output(0, true), Read(memory.Trained.Output(0, true)));
        frozenModel.Prepare(memory.Frozen, 0);
        frozenModel.Forward(memory.Image, memory.Frozen, student, memory.Output);
        Assert.Equal(output, Read(memory.Output));
        frozenModel.Backward(memory.Frozen, student, memory.OutputGradient);

        var of = (DitMemory)memory.Trained;
        for (int branch = 0; branch < a.Branches; branch++)
        {
            ModulationPart gate = branch % 2 == 0 ? ModulationPart.AttentionGate : ModulationPart.MlpGate;
            double expected = Read(of.Modulations[0].Part(0, branch / 2, gate))
                .Zip(Read(of.Gradients!.Part(branch / 2, gate)), (g, dGate) => (double)g * dGate).Sum();
            double actual = Read(memory.WeightGradients.SliceRows(branch, 1)).Sum(share => (double)share);
            Assert.NotEqual(0, expected);
            Assert.Equal(expected, actual, 2e-5 * Math.Abs(expected) + 1e-6);
        }

        BranchPlan StudentBranch(int branch)
        {
            Tensor fresh = memory.Frozen.Output(branch, hasBackward: true);
            Term mine = new(fresh, Scalar: memory.Weights.SliceRows(branch, 1), Slope: 1), kept = new(memory.Zeros, Slope: -1);
            return new BranchPlan(branch == 0 ? default : fresh, [mine, kept], memory.WeightGradients.SliceRows(branch, 1));
        }

        float[] Read(Tensor tensor)
        {
            float[] values = new float[tensor.Shape.Count];
            device.Download(tensor, values);
            return values;
        }
    }

    private sealed class Memory
    {
        private static readonly int[] _labels = [5, 1];
        private static readonly float[] _times = [17, 800];

        public Memory(Arena arena, Network trained, Network frozen)
        {
            TransformerArchitecture a = trained.Architecture;
            Image = arena.Take(DType.F32, Batch, a.InChannels, a.InputSize, a.InputSize);
            Output = arena.Take(DType.F32, Batch, a.OutChannels, a.InputSize, a.InputSize);
            OutputGradient = arena.Take(DType.F32, Batch, a.OutChannels, a.InputSize, a.InputSize);
            Trained = trained.Take(arena, new NetworkNeeds(Batch) { TimePerRow = true, Gradients = GradientsOf.Weights });
            Frozen = frozen.Take(arena, new NetworkNeeds(Batch) { TimePerRow = true, Gradients = GradientsOf.Terms });
            Zeros = arena.Take(Batch, a.Tokens, a.HiddenSize);
            Weights = arena.Take(DType.F32, a.Branches, 1);
            WeightGradients = arena.Take(DType.F32, a.Branches, Batch * a.Tokens);
        }

        public Tensor Image { get; }

        public Tensor Output { get; }

        public Tensor OutputGradient { get; }

        public NetworkMemory Trained { get; }

        public NetworkMemory Frozen { get; }

        public Tensor Zeros { get; }

        public Tensor Weights { get; }

        public Tensor WeightGradients { get; }

        public void Upload(Device device, DitArchitecture architecture)
        {
            device.Upload(Image, TrainingFixture.Normal(1, Image.Shape.Count));
            device.Upload(OutputGradient, TrainingFixture.Normal(2, OutputGradient.Shape.Count));
            device.Upload(Zeros, new float[Zeros.Shape.Count]);
            device.Upload(Weights, [.. Enumerable.Repeat(1f, architecture.Branches)]);
            foreach (NetworkMemory memory in (NetworkMemory[])[Trained, Frozen])
            {
                device.Upload(memory.Labels, _labels);
                memory.SetTimes(device, _times);
            }
        }
    }
}
