using L2c.Kernels;
using L2c.Model.Caching;
using L2c.Model.Diffusion;
using L2c.Model.Dit;
using L2c.Model.Sampling;
using L2c.Weights.Layouts;

namespace L2c.Model.Training;

/// <summary>
/// One draw of router training, planned once and run many times: refresh evaluation, DDIM step, teacher, cached student, loss, and the loss's
/// gradient with respect to every branch's weight. Model weights are frozen.
/// </summary>
/// <remarks>
/// For t in [0, N/2): the refresh evaluation is at respaced index 2t + 1 and keeps every branch's output. One DDIM step (eta 0, no guidance) leads to
/// index 2t, where teacher (all branches fresh) and student (w fresh + (1 - w) cached at every branch) are compared. Not for use by several threads
/// at a time.
/// Scopes of the recorded ops: evaluation 0 is the refresh, 1 the teacher, 2 the student, 3 the backward pass, blocks run again for it included.
/// Source: Learning-to-Cache (arXiv 2406.01733), section 3.3; the published router_training_losses.
/// </remarks>
public sealed class RouterStep : IDisposable
{
    private const int RefreshScope = 0, TeacherScope = 1, StudentScope = 2;

    private readonly Arena _arena;
    private readonly RouterBuffers _buffers;
    private readonly DitTrainingPass _student;
    private readonly ForwardPlan _refreshPlan, _teacherPlan;
    private readonly OpSequence _refresh, _compare;
    private readonly OpSequence[] _advance;
    private readonly RouterResults _results;
    private readonly float[] _timeEmbeddings;
    private readonly double[] _lossWeights;
    private readonly int _counted;

    private RouterStep(DitModel model, NoiseSchedule grid, int batch, RouterLoss loss, Arena arena, RouterBuffers buffers)
    {
        (Model, Grid, Batch, _arena, _buffers) = (model, grid, batch, arena, buffers);
        Memory = new TrainingMemory([.. WeightParts(model.Architecture, model.Device), .. buffers.Parts]);
        _counted = (int)((loss == RouterLoss.Output ? buffers.Output : buffers.X).Shape.Count / batch);
        _results = new RouterResults(buffers, _counted);
        _timeEmbeddings = new float[grid.Count * TimestepEmbedding.Width];
        TimestepEmbedding.Fill(grid.TimestepMap.AsSpan(), _timeEmbeddings);

        // The student's first attention is the teacher's, so the teacher writes it where the student keeps it.
        BranchPlan[] teacher = [.. Enumerable.Repeat(new BranchPlan(BranchAction.Compute, buffers.Activations.Branch), Branches)];
        teacher[0] = teacher[0] with { Output = buffers.Tape.Attention[0].Output };
        _refreshPlan = new(
            RefreshScope, buffers.Modulations, 0, 2, [.. buffers.Cached.Outputs.Select(output => new BranchPlan(BranchAction.Compute, output))]);
        _teacherPlan = new(TeacherScope, buffers.Modulations, 1, 2, teacher);
        _student = DitTrainingPass.Student(model, _teacherPlan, buffers.Activations, buffers.Tape, buffers.Cached, StudentScope);

        _refresh = model.Device.Capture(Refresh);
        var ddim = Sampler.Ddim(grid);
        SamplerStep[] refreshes = [.. ddim.Steps.Where(step => step.Index % 2 == 1).OrderBy(step => step.Index)];
        SamplerStep[] cached = [.. ddim.Steps.Where(step => step.Index % 2 == 0).OrderBy(step => step.Index)];
        _lossWeights = Array.ConvertAll(cached, step => loss == RouterLoss.Output ? 1 : Math.Pow(step.Coefficients.EpsToMean, 2));
        _advance = [.. refreshes.Select(step => model.Device.Capture(() => Advance(step)))];
        _compare = model.Device.Capture(Compare);
    }

    /// <summary>The network.</summary>
    public DitModel Model { get; }

    /// <summary>The respaced process of N steps.</summary>
    public NoiseSchedule Grid { get; }

    /// <summary>B.</summary>
    public int Batch { get; }

    /// <summary>Routers that training can reach, N / 2: t is below it, and trains router 2t.</summary>
    public int Draws => Grid.Count / 2;

    /// <summary>Branches of the network: weights and gradients of a step.</summary>
    public int Branches => 2 * Model.Architecture.Depth;

    /// <summary>Shape of the input, [B,C,H,W].</summary>
    public Shape StateShape => _buffers.X.Shape;

    /// <summary>Shape of the network's output, [B,C_out,H,W].</summary>
    public Shape OutputShape => _buffers.Output.Shape;

    /// <summary>Memory by part.</summary>
    public TrainingMemory Memory { get; }

    /// <summary>Every op of a draw in order.</summary>
    public IReadOnlyList<OpInfo> Ops => [.. _refresh.Ops, .. _advance[0].Ops, .. _compare.Ops];

    /// <summary>Per image of the last run: mean squared difference of student and teacher, as the <see cref="RouterLoss"/> says.</summary>
    public ReadOnlySpan<double> ImageLosses => _results.ImageLosses;

    /// <summary>Allocates and records everything.</summary>
    /// <param name="model">Loaded with <see cref="WeightUse.RouterTraining"/>. It must outlive the step.</param>
    /// <param name="grid">The respaced process whose routers are trained: N steps, at least 2.</param>
    /// <param name="batch">B, at least 1.</param>
    /// <param name="options">Recomputation.</param>
    /// <param name="loss">What student and teacher are compared by.</param>
    /// <exception cref="ArgumentException">The model was loaded for inference only, or the grid has fewer than two steps.</exception>
    public static RouterStep Plan(
        DitModel model, NoiseSchedule grid, int batch, TrainingPlanOptions options, RouterLoss loss = RouterLoss.Output)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(batch, 1);
        if (model.Use != WeightUse.RouterTraining)
        {
            throw new ArgumentException($"{model.Architecture.Name} was loaded for inference; load it with WeightUse.RouterTraining");
        }

        if (grid.Count < 2)
        {
            throw new ArgumentException($"a router needs a step to cache from and one to cache in; the grid has {grid.Count}");
        }

        (Arena arena, RouterBuffers buffers) = Arena.Carve(
            model.Device, "router step", memory => RouterBuffers.Take(memory, model.Architecture, batch, options));
        try
        {
            return new RouterStep(model, grid, batch, loss, arena, buffers);
        }
        catch
        {
            arena.Dispose();
            throw;
        }
    }

    /// <summary>What <see cref="Plan"/> would allocate, and the weights, counted without loading or allocating anything.</summary>
    /// <param name="architecture">The network.</param>
    /// <param name="device">Where the step would run: it decides layouts and storage.</param>
    /// <param name="batch">B.</param>
    /// <param name="options">Recomputation.</param>
    public static TrainingMemory Predict(DitArchitecture architecture, Device device, int batch, TrainingPlanOptions options)
    {
        (_, RouterBuffers buffers) = Arena.Count(
            device, "router step on paper", memory => RouterBuffers.Take(memory, architecture, batch, options));
        return new TrainingMemory([.. WeightParts(architecture, device), .. buffers.Parts]);
    }

    /// <summary>Runs one draw. Allocates nothing.</summary>
    /// <param name="t">0 .. <see cref="Draws"/> - 1: the step trains router 2t.</param>
    /// <param name="noised">[B,C,H,W]: x at respaced index 2t + 1, see <see cref="NoiseSchedule.AddNoise"/>.</param>
    /// <param name="labels">B labels, those dropped to the null class included.</param>
    /// <param name="weights">One w in [0, 1] per branch: see <see cref="RouterObjective.Weights"/>.</param>
    /// <param name="gradient">Receives d loss / d w, one per branch.</param>
    /// <param name="observer">Told of every op, which then runs by itself; null for a replay at full speed.</param>
    /// <returns>The data loss, mean over the batch, without the penalty.</returns>
    /// <exception cref="ArgumentException">A span of another length, a label outside the table, or t out of range.</exception>
    /// <exception cref="ObjectDisposedException">The step or its network has been disposed of.</exception>
    public double Run(
        int t,
        ReadOnlySpan<float> noised,
        ReadOnlySpan<int> labels,
        ReadOnlySpan<float> weights,
        Span<double> gradient,
        RunObserver? observer = null)
    {
        RequireAlive();
        ArgumentOutOfRangeException.ThrowIfNegative(t);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(t, Draws);
        TrainingInputs.RequireLength(gradient.Length, Branches, "gradients");
        TrainingInputs.RequireLabels(labels, Batch, Model.Architecture);
        Device device = Model.Device;
        device.Upload(_buffers.X, noised);
        device.Upload(_buffers.Labels, labels);
        device.Upload(_buffers.Cached.Weights, weights);
        device.Upload(_buffers.TimeEmbedding.SliceRows(0, 1), TimeEmbedding((2 * t) + 1));
        device.Upload(_buffers.TimeEmbedding.SliceRows(1, 1), TimeEmbedding(2 * t));
        if (observer is null)
        {
            _refresh.Run();
            _advance[t].Run();
            _compare.Run();
        }
        else
        {
            Observe(t, observer);
        }

        return _results.Read(device, _lossWeights[t], gradient);
    }

    /// <summary>Copies x at index 2t of the last run, [B,C,H,W].</summary>
    public void ReadNext(Span<float> destination) => Download(_buffers.X, destination);

    /// <summary>Copies the teacher's output of the last run, [B,C_out,H,W].</summary>
    public void ReadTeacher(Span<float> destination) => Download(_buffers.Teacher, destination);

    /// <summary>Copies the student's output of the last run, [B,C_out,H,W].</summary>
    public void ReadStudent(Span<float> destination) => Download(_buffers.Output, destination);

    /// <summary>Frees the step's memory.</summary>
    public void Dispose()
    {
        _refresh.Dispose();
        Array.ForEach(_advance, sequence => sequence.Dispose());
        _compare.Dispose();
        _arena.Dispose();
    }

    /// <summary>Fails where memory of the step or the network has been freed.</summary>
    internal void RequireAlive()
    {
        ObjectDisposedException.ThrowIf(_arena.IsDisposed, this);
        Model.RequireAlive();
    }

    private void Download(Tensor tensor, Span<float> destination)
    {
        RequireAlive();
        Model.Device.Download(tensor, destination);
    }

    private static MemoryPart[] WeightParts(DitArchitecture architecture, Device device)
    {
        long forward = DitModel.OnPaper(architecture, device).WeightBytes;
        long both = DitModel.OnPaper(architecture, device, WeightUse.RouterTraining).WeightBytes;
        return [new MemoryPart("weights", forward), new MemoryPart("transposed weights", both - forward)];
    }

    private void Refresh()
    {
        Model.Device.Scope = new OpScope(RefreshScope, -1);
        Model.Modulate(_buffers.TimeEmbedding, _buffers.Labels, _buffers.Modulations);
        Model.Forward(_buffers.X, _refreshPlan, _buffers.Activations, _buffers.Output);
    }

    private void Advance(SamplerStep step)
    {
        Model.Device.Scope = new OpScope(RefreshScope, -1);
        Model.Device.SamplerUpdate(_buffers.Output, default, 0, step.Coefficients, default, _buffers.X);
    }

    private void Compare()
    {
        Model.Forward(_buffers.X, _teacherPlan, _buffers.Activations, _buffers.Teacher);
        _student.Forward(_buffers.X, _buffers.Output);
        Model.Device.SquaredError(
            _buffers.Output, _buffers.Teacher, _counted, _results.OutputGradientScale, _buffers.OutputGradient, _buffers.SquaredErrors);
        _student.Backward(_buffers.OutputGradient);
    }

    private ReadOnlySpan<float> TimeEmbedding(int index) => _timeEmbeddings.AsSpan(index * TimestepEmbedding.Width, TimestepEmbedding.Width);

    // In a method of its own: a lambda's captures would be allocated at the start of Run, observed or not.
    private void Observe(int t, RunObserver observer)
    {
        foreach (OpSequence sequence in (ReadOnlySpan<OpSequence>)[_refresh, _advance[t], _compare])
        {
            sequence.Run((i, start, end) => observer(sequence.Ops[i], start, end));
        }
    }
}
