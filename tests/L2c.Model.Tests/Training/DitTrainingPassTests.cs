using L2c.Kernels;
using L2c.Model.Dit;
using L2c.Model.Training;
using L2c.Weights.Layouts;

namespace L2c.Model.Tests.Training;

/// <summary>The two forms of the backward pass against each other.</summary>
public sealed class DitTrainingPassTests
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
        using var trainedModel = DitModel.LoadTrained(a, RandomDit.Reader(a), device, parameters);
        using DitModel frozenModel = RandomDit.Load(a, device, WeightUse.RouterTraining);
        trainedModel.Pack();
        (Arena arena, Memory memory) = Arena.Carve(device, "passes", carved => new Memory(carved, a));
        using Arena alsoOwned = arena;
        memory.Upload(device, a);
        trainedModel.Modulate(memory.Time, memory.Labels, memory.Modulations);

        var trained = DitTrainingPass.Trained(trainedModel, memory.Modulations, memory.TrainedScratch, memory.TrainedTape, memory.Gradients);
        trained.Forward(memory.Image, memory.Output);
        float[] output = Read(memory.Output);
        trained.Backward(memory.OutputGradient);

        var teacher = ForwardPlan.Full(memory.Modulations, memory.Scratch, a.Depth);
        device.Upload(memory.Tape.Attention[0].Output, Read(memory.TrainedTape.Attention[0].Output));
        var student = DitTrainingPass.Student(frozenModel, teacher, memory.Scratch, memory.Tape, memory.Cached, 0);
        student.Forward(memory.Image, memory.Output);
        Assert.Equal(output, Read(memory.Output));
        student.Backward(memory.OutputGradient);

        for (int branch = 0; branch < 2 * a.Depth; branch++)
        {
            ModulationPart gate = branch % 2 == 0 ? ModulationPart.AttentionGate : ModulationPart.MlpGate;
            double expected = Read(memory.Modulations.Part(0, branch / 2, gate))
                .Zip(Read(memory.Gradients.Part(branch / 2, gate)), (g, dGate) => (double)g * dGate).Sum();
            double actual = Read(memory.Cached.WeightGradient(branch)).Sum(share => (double)share);
            Assert.NotEqual(0, expected);
            Assert.Equal(expected, actual, 2e-5 * Math.Abs(expected) + 1e-6);
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
        public Memory(Arena arena, DitArchitecture a)
        {
            Image = arena.Take(DType.F32, Batch, a.InChannels, a.InputSize, a.InputSize);
            Output = arena.Take(DType.F32, Batch, a.OutChannels, a.InputSize, a.InputSize);
            OutputGradient = arena.Take(DType.F32, Batch, a.OutChannels, a.InputSize, a.InputSize);
            Time = arena.Take(Batch, TimestepEmbedding.Width);
            Labels = arena.Take(DType.I32, Batch);
            Modulations = DitModulations.TakeForTraining(arena, a, Batch);
            Gradients = DitModulationGradients.Take(arena, a, Batch);
            TrainedScratch = DitActivations.Take(arena, a, Batch);
            TrainedTape = DitTape.ForWeights(arena, a, Batch, false);
            Cached = CachedBranches.Take(arena, a, Batch);
            Scratch = DitActivations.Take(arena, a, Batch);
            Tape = DitTape.ForRouters(arena, a, Scratch, Batch, false);
        }

        public Tensor Image { get; }

        public Tensor Output { get; }

        public Tensor OutputGradient { get; }

        public Tensor Time { get; }

        public Tensor Labels { get; }

        public DitModulations Modulations { get; }

        public DitModulationGradients Gradients { get; }

        public DitActivations TrainedScratch { get; }

        public DitTape TrainedTape { get; }

        public CachedBranches Cached { get; }

        public DitActivations Scratch { get; }

        public DitTape Tape { get; }

        public void Upload(Device device, DitArchitecture architecture)
        {
            device.Upload(Image, TrainingFixture.Normal(1, Image.Shape.Count));
            device.Upload(OutputGradient, TrainingFixture.Normal(2, OutputGradient.Shape.Count));
            float[] time = new float[Time.Shape.Count];
            TimestepEmbedding.Fill([17, 800], time);
            device.Upload(Time, time);
            device.Upload(Labels, [architecture.NullLabel, 1]);
            Array.ForEach(Cached.Outputs, output => device.Upload(output, new float[output.Shape.Count]));
            device.Upload(Cached.Weights, [.. Enumerable.Repeat(1f, Cached.Weights.Rows)]);
        }
    }
}
