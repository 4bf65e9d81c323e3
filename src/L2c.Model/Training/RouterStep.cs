using L2c.Kernels;
using L2c.Model.Diffusion;
using L2c.Model.Dit;
using L2c.Weights.Layouts;

namespace L2c.Model.Training;

/// <summary>
/// One draw of router training, planned once and run many times: refresh evaluation, DDIM step, teacher, cached student, loss, and the loss's gradient
/// with respect to every branch's weight. Model weights are frozen.
/// </summary>
/// <remarks>
/// For t in [0, N/2): the refresh evaluation is at respaced index 2t + 1 and keeps every branch's output, one DDIM step (eta 0, no guidance) leads to index
/// 2t, where teacher (all branches fresh) and student (w fresh + (1 - w) cached at every branch) are compared. Not for use by several threads at a time.
/// Source: Learning-to-Cache (arXiv 2406.01733), section 3.3; the published router_training_losses.
/// </remarks>
public sealed class RouterStep : IDisposable
{
    /// <summary>The network.</summary>
    public DitModel Model => throw new NotImplementedException();

    /// <summary>The respaced process of N steps.</summary>
    public NoiseSchedule Grid => throw new NotImplementedException();

    /// <summary>B.</summary>
    public int Batch => throw new NotImplementedException();

    /// <summary>Routers that training can reach, N / 2: t is below it, and trains router 2t.</summary>
    public int Draws => throw new NotImplementedException();

    /// <summary>Branches of the network: weights and gradients of a step.</summary>
    public int Branches => throw new NotImplementedException();

    /// <summary>Shape of the input, [B,C,H,W].</summary>
    public Shape StateShape => throw new NotImplementedException();

    /// <summary>Shape of the network's output, [B,C_out,H,W].</summary>
    public Shape OutputShape => throw new NotImplementedException();

    /// <summary>Memory by part.</summary>
    public TrainingMemory Memory => throw new NotImplementedException();

    /// <summary>Per image of the last run: mean squared difference of student and teacher over all output channels.</summary>
    public ReadOnlySpan<double> ImageLosses => throw new NotImplementedException();

    /// <summary>Allocates and records everything.</summary>
    /// <param name="model">Loaded with <see cref="WeightUse.RouterTraining"/>. It must outlive the step.</param>
    /// <param name="grid">The respaced process whose routers are trained: N steps, at least 2.</param>
    /// <param name="batch">B, at least 1.</param>
    /// <param name="options">Recomputation.</param>
    /// <exception cref="ArgumentException">The model was loaded for inference only, or the grid has fewer than two steps.</exception>
    public static RouterStep Plan(DitModel model, NoiseSchedule grid, int batch, TrainingPlanOptions options) => throw new NotImplementedException();

    /// <summary>What <see cref="Plan"/> would allocate, and the weights, counted without loading or allocating anything.</summary>
    /// <param name="architecture">The network.</param>
    /// <param name="device">Where the step would run: it decides layouts and storage.</param>
    /// <param name="batch">B.</param>
    /// <param name="options">Recomputation.</param>
    public static TrainingMemory Predict(DitArchitecture architecture, Device device, int batch, TrainingPlanOptions options) =>
        throw new NotImplementedException();

    /// <summary>Runs one draw. Allocates nothing once t has been seen before.</summary>
    /// <param name="t">0 .. <see cref="Draws"/> - 1: the step trains router 2t.</param>
    /// <param name="noised">[B,C,H,W]: x at respaced index 2t + 1, see <see cref="NoiseSchedule.AddNoise"/>.</param>
    /// <param name="labels">B labels, those dropped to the null class included.</param>
    /// <param name="weights">One w in [0, 1] per branch: see <see cref="RouterObjective.Weights"/>.</param>
    /// <param name="gradient">Receives d loss / d w, one per branch.</param>
    /// <returns>The data loss: mean over batch and all output elements of (student - teacher)^2, without the penalty.</returns>
    /// <exception cref="ArgumentException">A span of another length, a label outside the table, or t out of range.</exception>
    public double Run(int t, ReadOnlySpan<float> noised, ReadOnlySpan<int> labels, ReadOnlySpan<float> weights, Span<double> gradient) =>
        throw new NotImplementedException();

    /// <summary>Copies x at index 2t of the last run, [B,C,H,W].</summary>
    public void ReadNext(Span<float> destination) => throw new NotImplementedException();

    /// <summary>Copies the teacher's output of the last run, [B,C_out,H,W].</summary>
    public void ReadTeacher(Span<float> destination) => throw new NotImplementedException();

    /// <summary>Copies the student's output of the last run, [B,C_out,H,W].</summary>
    public void ReadStudent(Span<float> destination) => throw new NotImplementedException();

    /// <summary>Frees the step's memory.</summary>
    public void Dispose() => throw new NotImplementedException();
}
