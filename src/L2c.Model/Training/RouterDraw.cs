using L2c.Kernels;
using L2c.Model.Caching;
using L2c.Model.Networks;
using L2c.Model.Runs;
using L2c.Model.Samplers;
using L2c.Weights.Layouts;

namespace L2c.Model.Training;

/// <summary>
/// One draw of router training, planned once and run many times: the sampler's evaluations that lead to one that may reuse, teacher, cached student,
/// loss, and the loss's gradient with respect to every branch's weight. Model weights are frozen.
/// </summary>
/// <remarks>
/// The last evaluation that leads there is the refresh, which keeps every branch's output; all of them go without guidance. Then teacher (all branches
/// fresh) and student (w fresh + (1 - w) cached at every branch) are compared. No weight has a part in what leads there and in the teacher, so the
/// students of several routers may follow one teacher. With a forecast, which weighs outputs of several evaluations that lead there, its value takes
/// the place of the cached output; in 16 bits it is rounded once more than in a run. Not for use by several threads at a time.
/// Scopes of the recorded ops: evaluation 0 is what leads there, 1 the teacher, 2 the student, 3 the backward pass, blocks run again for it included.
/// Source: Learning-to-Cache (arXiv 2406.01733), section 3.3; the published router_training_losses.
/// </remarks>
public sealed partial class RouterDraw : IDisposable
{
    private const int LeadScope = 0, TeacherScope = 1, StudentScope = 2;

    private readonly Arena _arena;
    private readonly RouterBuffers _buffers;
    private readonly EvaluationPlan _teacherPlan, _studentPlan;
    private readonly OpSequence[] _forward;
    private readonly OpSequence[][] _advance;
    private readonly OpSequence[] _prepare, _weigh;
    private readonly OpSequence _teacher, _student;
    private readonly RouterResults _results;
    private readonly float[] _weights;
    private readonly float[][] _times;
    private readonly double[] _lossWeights;
    private readonly int _counted;
    private int _draw = -1;

    private RouterDraw(Network model, DrawTable table, int batch, RouterLoss loss, LossReduction reduction, Arena arena, RouterBuffers buffers)
    {
        (Model, Table, Batch, _arena, _buffers) = (model, table, batch, arena, buffers);
        Memory = new TrainingMemory([.. WeightParts(model.Architecture, model.Device), .. buffers.Parts]);
        _counted = (int)((loss == RouterLoss.Output ? buffers.Output : buffers.X).Shape.Count / batch);
        _results = new RouterResults(buffers, _counted);
        _weights = new float[buffers.Weights.Shape.Count];
        _times = [.. Enumerable.Range(0, table.Count).Select(table.Times)];
        _studentPlan = new EvaluationPlan(table.Lead, [.. Enumerable.Range(0, Branches).Select(StudentBranch)]) { Scope = StudentScope, HasBackward = true };

        // The student's first branch is the teacher's, so the teacher writes it where the student finds it.
        BranchPlan[] teacher = [.. Enumerable.Range(0, Branches).Select(branch => BranchPlan.Computed(Output(branch, student: branch == 0)))];
        _teacherPlan = new EvaluationPlan(table.Lead, teacher) { Scope = TeacherScope };

        double scale = reduction == LossReduction.Mean ? 1 : _counted;
        _lossWeights = [.. Enumerable.Range(0, table.Count).Select(t => scale * (loss == RouterLoss.Output ? 1 : table.SquaredSlope(t)))];
        _forward = [.. Enumerable.Range(0, table.Lead).Select(lead => model.Device.Capture(() => Forward(lead)))];
        _advance = [.. Enumerable.Range(0, table.Count).Select(t => Enumerable.Range(0, table.LeadOf(t))
            .Select(lead => model.Device.Capture(() => Advance(table.Sampler.Evaluations[table.Begin(t) + lead]))).ToArray())];
        bool forecasts = table.Forecast is not null;
        _prepare = forecasts
            ? [.. Enumerable.Range(0, buffers.Network.Groups).Select(group => model.Device.Capture(() => Prepare(group, LeadScope)))]
            : [];
        _weigh = forecasts ? [.. Enumerable.Range(0, table.Count).Select(t => model.Device.Capture(() => Weigh(t)))] : [];
        _teacher = model.Device.Capture(Teach);
        _student = model.Device.Capture(Learn);
    }

    /// <summary>The network.</summary>
    public Network Model { get; }

    /// <summary>The draws.</summary>
    public DrawTable Table { get; }

    /// <summary>B.</summary>
    public int Batch { get; }

    /// <summary>Branches of the network: weights and gradients of a step.</summary>
    public int Branches => Model.Architecture.Branches;

    /// <summary>Shape of the input, [B,C,H,W].</summary>
    public Shape StateShape => _buffers.X.Shape;

    /// <summary>Shape of the network's output, [B,C_out,H,W].</summary>
    public Shape OutputShape => _buffers.Output.Shape;

    /// <summary>Memory by part.</summary>
    public TrainingMemory Memory { get; }

    /// <summary>Every op of a draw in order: of the longest one.</summary>
    public IReadOnlyList<OpInfo> Ops
    {
        get
        {
            int longest = Array.FindIndex(_advance, advance => advance.Length == _forward.Length);
            return
            [
                .. _forward.Zip(_advance[longest], (forward, advance) => forward.Ops.Concat(advance.Ops)).SelectMany(ops => ops),
                .. _weigh.Length > 0 ? _weigh[longest].Ops : [],
                .. _teacher.Ops,
                .. _student.Ops,
            ];
        }
    }

    /// <summary>Per image of the last run: mean squared difference of student and teacher, as the <see cref="RouterLoss"/> says.</summary>
    public ReadOnlySpan<double> ImageLosses => _results.ImageLosses;

    /// <summary>Allocates and records everything.</summary>
    /// <param name="model">Loaded with <see cref="WeightUse.RouterTraining"/>. It must outlive the step.</param>
    /// <param name="sampler">What the router is for.</param>
    /// <param name="batch">B, at least 1.</param>
    /// <param name="options">Recomputation.</param>
    /// <param name="loss">What student and teacher are compared by.</param>
    /// <param name="reduction">Of their differences.</param>
    /// <param name="forecast">What the student is given of branches in place of their latest outputs; null for these.</param>
    /// <exception cref="ArgumentException">The model was loaded for inference only, or no router is trained with the sampler or the forecast: see
    /// <see cref="DrawTable"/>.</exception>
    public static RouterDraw Plan(
        Network model,
        SamplerTable sampler,
        int batch,
        TrainingPlanOptions options,
        RouterLoss loss = RouterLoss.Output,
        LossReduction reduction = LossReduction.Mean,
        CacheSchedule? forecast = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(batch, 1);
        if (model.Use != WeightUse.RouterTraining)
        {
            throw new ArgumentException($"{model.Architecture.Name} was loaded for inference; load it with WeightUse.RouterTraining");
        }

        forecast?.RequireFits(sampler.Evaluations.Count, model.Architecture.Branches);
        DrawTable table = new(sampler, model.Info.Process, forecast);
        (Arena arena, RouterBuffers buffers) = Arena.Carve(
            model.Device, "router draw", memory => RouterBuffers.Take(memory, model, table, batch, options));
        try
        {
            buffers.Network.UploadConstants(model.Device);
            return new RouterDraw(model, table, batch, loss, reduction, arena, buffers);
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
    /// <param name="sampler">What the router is for.</param>
    /// <param name="batch">B.</param>
    /// <param name="options">Recomputation.</param>
    /// <param name="forecast">See <see cref="Plan"/>.</param>
    public static TrainingMemory Predict(
        TransformerArchitecture architecture,
        Device device,
        SamplerTable sampler,
        int batch,
        TrainingPlanOptions options,
        CacheSchedule? forecast = null)
    {
        using Network model = NetworkFamilies.OnPaper(architecture, device, WeightUse.RouterTraining);
        DrawTable table = new(sampler, model.Info.Process, forecast);
        (_, RouterBuffers buffers) = Arena.Count(device, "router draw on paper", memory => RouterBuffers.Take(memory, model, table, batch, options));
        return new TrainingMemory([.. WeightParts(architecture, device), .. buffers.Parts]);
    }

    /// <summary>Runs one draw: <see cref="RunTeacher"/>, then <see cref="RunStudent"/>. Allocates nothing.</summary>
    /// <param name="t">Which draw of the <see cref="Table"/>.</param>
    /// <param name="noised">[B,C,H,W]: x where the draw begins, see <see cref="DrawTable.AddNoise"/>.</param>
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
        RunTeacher(t, noised, labels, observer);
        return RunStudent(weights, gradient, observer);
    }

    /// <summary>Runs what no weight has a part in: the evaluations that lead to the comparison, and the teacher. Allocates nothing.</summary>
    /// <inheritdoc cref="Run"/>
    public void RunTeacher(int t, ReadOnlySpan<float> noised, ReadOnlySpan<int> labels, RunObserver? observer = null)
    {
        RequireAlive();
        ArgumentOutOfRangeException.ThrowIfNegative(t);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(t, Table.Count);
        TrainingInputs.RequireLabels(labels, Batch, Model.Architecture);
        Device device = Model.Device;
        device.Upload(_buffers.X, noised);
        device.Upload(_buffers.Network.Labels, labels);
        _buffers.Network.SetTimes(device, _times[t]);
        int first = Table.Lead - Table.LeadOf(t);
        if (first % _buffers.Network.GroupSize != 0)
        {
            _prepare[first / _buffers.Network.GroupSize].Run(observer);
        }

        for (int lead = first; lead < _forward.Length; lead++)
        {
            _forward[lead].Run(observer);
            _advance[t][lead - first].Run(observer);
        }

        if (_weigh.Length > 0)
        {
            _weigh[t].Run(observer);
        }

        _teacher.Run(observer);
        _draw = t;
    }

    /// <summary>Runs a student and its backward pass on the last <see cref="RunTeacher"/>, any number of times: no run of it changes what the next one
    /// reads. Allocates nothing.</summary>
    /// <inheritdoc cref="Run"/>
    /// <exception cref="InvalidOperationException">No teacher has run yet.</exception>
    public double RunStudent(ReadOnlySpan<float> weights, Span<double> gradient, RunObserver? observer = null)
    {
        RequireAlive();
        TrainingInputs.RequireLength(gradient.Length, Branches, "gradients");
        TrainingInputs.RequireLength(weights.Length, Branches, "weights");
        if (_draw < 0)
        {
            throw new InvalidOperationException("a student is compared with a teacher; call RunTeacher first");
        }

        for (int branch = 0; branch < Branches; branch++)
        {
            (_weights[2 * branch], _weights[(2 * branch) + 1]) = (weights[branch], 1 - weights[branch]);
        }

        Model.Device.Upload(_buffers.Weights, _weights);
        _student.Run(observer);
        return _results.Read(Model.Device, _lossWeights[_draw], gradient);
    }

    /// <summary>Copies the x that was compared at in the last run, [B,C,H,W].</summary>
    public void ReadNext(Span<float> destination) => Download(_buffers.X, destination);

    /// <summary>Copies the teacher's output of the last run, [B,C_out,H,W].</summary>
    public void ReadTeacher(Span<float> destination) => Download(_buffers.Teacher, destination);

    /// <summary>Copies the student's output of the last run, [B,C_out,H,W].</summary>
    public void ReadStudent(Span<float> destination) => Download(_buffers.Output, destination);

    /// <summary>Frees the step's memory.</summary>
    public void Dispose()
    {
        Array.ForEach(_forward, sequence => sequence.Dispose());
        Array.ForEach(_advance, sequences => Array.ForEach(sequences, sequence => sequence.Dispose()));
        Array.ForEach([.. _prepare, .. _weigh], sequence => sequence.Dispose());
        _teacher.Dispose();
        _student.Dispose();
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

    private static MemoryPart[] WeightParts(TransformerArchitecture architecture, Device device)
    {
        long forward = NetworkFamilies.OnPaper(architecture, device).WeightBytes;
        long both = NetworkFamilies.OnPaper(architecture, device, WeightUse.RouterTraining).WeightBytes;
        return [new MemoryPart("weights", forward), new MemoryPart("transposed weights", both - forward)];
    }

    private Tensor Output(int branch, bool student) => _buffers.Network.Output(branch, student);

    private BranchPlan StudentBranch(int branch)
    {
        Tensor fresh = Output(branch, student: true);
        Term mine = new(fresh, Scalar: _buffers.Weights.SliceRows(2 * branch, 1), Slope: 1);
        Term kept = new(_buffers.Cached[branch], Scalar: _buffers.Weights.SliceRows((2 * branch) + 1, 1), Slope: -1);
        return new BranchPlan(branch == 0 ? default : fresh, [mine, kept], _buffers.WeightGradients.SliceRows(branch, 1));
    }
}
