using L2c.Kernels;
using L2c.Model.Diffusion;
using L2c.Weights.Layouts;

namespace L2c.Model.Training;

/// <summary>What a training step keeps for every trained parameter.</summary>
public enum ParameterState
{
    /// <summary>The parameters.</summary>
    Weights,
    /// <summary>Gradient of the last step.</summary>
    Gradient,
    /// <summary>AdamW's first moment.</summary>
    FirstMoment,
    /// <summary>AdamW's second moment.</summary>
    SecondMoment,
    /// <summary>The moving average of the parameters.</summary>
    Average,
}

/// <summary>What a step of AdamW is told anew each time.</summary>
/// <param name="Step">1 for the first.</param>
/// <param name="LearningRate">Learning rate.</param>
/// <param name="AverageDecay">d of average = d average + (1 - d) weights.</param>
public readonly record struct OptimizerStep(long Step, double LearningRate, double AverageDecay = 0.9999)
{
    /// <summary>beta1.</summary>
    public double Beta1 { get; init; } = 0.9;

    /// <summary>beta2.</summary>
    public double Beta2 { get; init; } = 0.999;

    /// <summary>Added to the root of the second moment.</summary>
    public double Epsilon { get; init; } = 1e-8;

    /// <summary>Decay per step, before the learning rate; 0 as published.</summary>
    public double WeightDecay { get; init; }
}

/// <summary>
/// One optimisation step of a DiT, planned once and run many times: forward, hybrid loss, backward, AdamW, moving average, and the weights written into
/// the layouts that the forward reads; recorded as one sequence.
/// </summary>
/// <remarks>
/// Trained is everything but the position table. The process has 1000 steps, linear betas. Not for use by several threads at a time.
/// Source: Peebles and Xie 2023, section 4; Nichol and Dhariwal 2021, L_hybrid.
/// </remarks>
public sealed class DitTrainingStep : IDisposable
{
    /// <summary>The process: timesteps of <see cref="Run"/> index it.</summary>
    public static NoiseSchedule Process { get; } = NoiseSchedule.Linear.Respace(Respacing.Select(NoiseSchedule.TrainingTimesteps));

    /// <summary>Shape and meaning of the network.</summary>
    public DitArchitecture Architecture => throw new NotImplementedException();

    /// <summary>Where it runs.</summary>
    public Device Device => throw new NotImplementedException();

    /// <summary>B.</summary>
    public int Batch => throw new NotImplementedException();

    /// <summary>Shape of the input, [B,C,H,W].</summary>
    public Shape StateShape => throw new NotImplementedException();

    /// <summary>Memory by part.</summary>
    public TrainingMemory Memory => throw new NotImplementedException();

    /// <summary>Values of one <see cref="ParameterState"/>: all trained parameters one after another, with gaps of zeros that keep each aligned.</summary>
    public int StateLength => throw new NotImplementedException();

    /// <summary>Published names and shapes of all tensors of a checkpoint, the position table included, in canonical order.</summary>
    public IReadOnlyList<(string Name, long[] Shape)> Tensors => throw new NotImplementedException();

    /// <summary>Allocates and records everything. Moments start at zero, the moving average at the parameters.</summary>
    /// <param name="architecture">The network; it must predict a variance.</param>
    /// <param name="initial">Gives the first parameters by their published names.</param>
    /// <param name="device">Where to train; it must store fp32.</param>
    /// <param name="batch">B, at least 1.</param>
    /// <param name="options">Recomputation.</param>
    /// <exception cref="ArgumentException">A network without learned variance, or a device that stores halves.</exception>
    public static DitTrainingStep Plan(DitArchitecture architecture, WeightReader initial, Device device, int batch, TrainingPlanOptions options) =>
        throw new NotImplementedException();

    /// <summary>What <see cref="Plan"/> would allocate, counted without allocating anything.</summary>
    public static TrainingMemory Predict(DitArchitecture architecture, Device device, int batch, TrainingPlanOptions options) =>
        throw new NotImplementedException();

    /// <summary>Runs one step. Allocates nothing.</summary>
    /// <param name="x0">[B,C,H,W]: the data.</param>
    /// <param name="noise">[B,C,H,W]: what is added to it, N(0,1).</param>
    /// <param name="labels">B labels, those dropped to the null class included.</param>
    /// <param name="timesteps">B timesteps, 0 .. 999.</param>
    /// <param name="optimizer">Learning rate and step number.</param>
    /// <param name="losses">Receives [B,2]: mean squared error of the noise, and the bound's term in bits per dimension, of each image.</param>
    /// <exception cref="ArgumentException">A span of another length, or a label or timestep out of range.</exception>
    public void Run(
        ReadOnlySpan<float> x0,
        ReadOnlySpan<float> noise,
        ReadOnlySpan<int> labels,
        ReadOnlySpan<int> timesteps,
        in OptimizerStep optimizer,
        Span<float> losses) => throw new NotImplementedException();

    /// <summary>Copies one state of all trained parameters.</summary>
    /// <param name="state">Which.</param>
    /// <param name="destination"><see cref="StateLength"/> values.</param>
    public void ReadState(ParameterState state, Span<float> destination) => throw new NotImplementedException();

    /// <summary>Restores one state of all trained parameters, as <see cref="ReadState"/> gave it.</summary>
    public void WriteState(ParameterState state, ReadOnlySpan<float> source) => throw new NotImplementedException();

    /// <summary>Copies one tensor of a checkpoint. The position table is the same in <see cref="ParameterState.Weights"/> and
    /// <see cref="ParameterState.Average"/> and has no other state.</summary>
    /// <param name="state">Which.</param>
    /// <param name="name">Published name, one of <see cref="Tensors"/>.</param>
    /// <param name="destination">As many values as the tensor has.</param>
    public void ReadTensor(ParameterState state, string name, Span<float> destination) => throw new NotImplementedException();

    /// <summary>Frees everything.</summary>
    public void Dispose() => throw new NotImplementedException();
}
