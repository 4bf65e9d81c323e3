using System.Diagnostics.CodeAnalysis;
using L2c.Native;

namespace L2c.Kernels.Cuda;

/// <summary>Chooses an algorithm for each shape, once: from the cache, else by the library's heuristic, and by a race when asked to.</summary>
/// <remarks>Source: cuBLAS documentation, chapter cuBLASLt API. Not for several threads at a time.</remarks>
public sealed class MatmulPlanner : IDisposable
{
    private readonly ICublasLt _cublasLt;
    private readonly ICudaDriver _driver;
    private readonly MatmulWorkspace _workspace;
    private readonly MatmulCache? _cache;
    private readonly CublasLtHandle _handle;
    private bool _disposed;
    private readonly Dictionary<MatmulShape, MatmulPlan?> _plans = [];

    /// <summary>Creates the library's handle; plans nothing yet.</summary>
    /// <param name="cublasLt">The library, with a current context.</param>
    /// <param name="driver">The driver, whose events time a race.</param>
    /// <param name="workspace">Owned by the caller; must outlive the planner and every graph that recorded a product.</param>
    /// <param name="cache">Choices of earlier runs on this device with this library; null to keep none.</param>
    /// <exception cref="CublasLtException">No context is current, or memory is lacking.</exception>
    public MatmulPlanner(ICublasLt cublasLt, ICudaDriver driver, MatmulWorkspace workspace, MatmulCache? cache = null)
    {
        if (workspace.Address.Value % MatmulShape.MaxAlignment != 0)
        {
            throw new ArgumentException($"MatmulPlanner: the workspace must be aligned to {MatmulShape.MaxAlignment} bytes", nameof(workspace));
        }

        _cublasLt = cublasLt;
        _driver = driver;
        _workspace = workspace;
        _cache = cache;
        _handle = new CublasLtHandle(cublasLt);
    }

    /// <summary>The shapes planned so far that the library can do.</summary>
    public IEnumerable<MatmulPlan> Plans => _plans.Values.OfType<MatmulPlan>();

    /// <summary>The plan of a shape.</summary>
    /// <exception cref="ArgumentException">The shape contradicts itself.</exception>
    /// <exception cref="CublasLtException">The library refuses; <see cref="cublasStatus_t.CUBLAS_STATUS_NOT_SUPPORTED"/> when it has no
    /// algorithm.</exception>
    public MatmulPlan Plan(MatmulShape shape) => TryPlan(shape, out MatmulPlan? plan) ? plan : throw new CublasLtException(
        cublasStatus_t.CUBLAS_STATUS_NOT_SUPPORTED, nameof(_cublasLt.cublasLtMatmulAlgoGetHeuristic), $"no algorithm for {shape}");

    /// <summary>The plan of a shape, if the library has an algorithm for it. If not, the caller needs a kernel of its own.</summary>
    /// <param name="shape">The shape.</param>
    /// <param name="plan">The same object for the same shape; belongs to the planner.</param>
    /// <exception cref="ArgumentException">The shape contradicts itself.</exception>
    /// <exception cref="CublasLtException">The library fails for another reason.</exception>
    /// <exception cref="ObjectDisposedException">The planner has been disposed of.</exception>
    public bool TryPlan(MatmulShape shape, [NotNullWhen(true)] out MatmulPlan? plan)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (!_plans.TryGetValue(shape, out plan))
        {
            shape.Validate();
            plan = Make(shape);
            _plans.Add(shape, plan);
        }

        return plan is not null;
    }

    /// <summary>Races the heuristic's candidates on real operands and keeps the fastest. Synchronises: not during a capture. Graphs captured before
    /// keep the algorithm that they recorded.</summary>
    /// <param name="plan">A plan of this planner.</param>
    /// <param name="x">As in <see cref="MatmulPlan.Enqueue"/>; times depend on the values, so these should be like the real ones.</param>
    /// <param name="weight">As there.</param>
    /// <param name="bias">As there.</param>
    /// <param name="y">As there; holds the product afterwards, or where the shape accumulates some hundred of them.</param>
    /// <param name="stream">The stream.</param>
    /// <returns>What was measured; null when the plan's algorithm has won a race before, now or in an earlier run.</returns>
    /// <exception cref="ArgumentException">As <see cref="MatmulPlan.Enqueue"/>.</exception>
    /// <exception cref="CublasLtException">No candidate runs.</exception>
    /// <exception cref="CudaException">The device fails.</exception>
    /// <exception cref="ObjectDisposedException">The planner has been disposed of.</exception>
    public MatmulRace? Tune(MatmulPlan plan, CUdeviceptr x, CUdeviceptr weight, CUdeviceptr bias, CUdeviceptr y, CUstream stream)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (plan.IsTuned)
        {
            return null;
        }

        plan.Bind(x, weight, bias, y);
        IReadOnlyList<cublasLtMatmulHeuristicResult_t> candidates = plan.Operation.Candidates(MatmulRace.MaxCandidates);
        MatmulRace race = MatmulRace.Run(_driver, plan.Operation, candidates, x, weight, y, stream);
        cublasLtMatmulHeuristicResult_t winner = candidates[race.Winner];
        plan.Choose(winner.algo, winner.workspaceSize, tuned: true);
        Remember(plan);
        plan.Enqueue(x, weight, bias, y, stream);
        return race;
    }

    /// <summary>Writes new choices to the cache.</summary>
    /// <returns>Null, or in one line why they could not be kept; nothing else depends on it.</returns>
    public string? SaveCache() => _cache?.Save();

    /// <summary>Destroys plans and handle; the workspace stays the caller's.</summary>
    public void Dispose()
    {
        _disposed = true;
        foreach (MatmulPlan plan in Plans)
        {
            plan.Operation.Dispose();
        }

        _plans.Clear();
        _handle.Dispose();
    }

    private string CacheKey(MatmulShape shape) => $"{shape} workspace {_workspace.Bytes}";

    private void Remember(MatmulPlan plan) => _cache?.Put(CacheKey(plan.Shape), new MatmulCacheEntry(plan.Algorithm, plan.IsTuned));

    private MatmulPlan? Make(MatmulShape shape)
    {
        MatmulOperation operation = new(_cublasLt, _handle.Handle, _workspace, shape);
        try
        {
            if (_cache is not null && _cache.TryGet(CacheKey(shape), out MatmulCacheEntry known)
                && operation.Accepts(known.Algorithm, out nuint workspaceBytes))
            {
                return new MatmulPlan(_cublasLt, operation, known.Algorithm, workspaceBytes, known.IsTuned);
            }

            if (operation.Candidates(1) is [cublasLtMatmulHeuristicResult_t first, ..])
            {
                MatmulPlan plan = new(_cublasLt, operation, first.algo, first.workspaceSize, tuned: false);
                Remember(plan);
                return plan;
            }

            operation.Dispose();
            return null;
        }
        catch
        {
            operation.Dispose();
            throw;
        }
    }
}
