using L2c.Native;

namespace L2c.Kernels.Cuda;

/// <summary>One shape with its descriptors and the algorithm chosen for it. Owned by its <see cref="MatmulPlanner"/>; not for several threads at a
/// time.</summary>
/// <remarks>A plan should have run once before it is captured: the library may load its kernel at first use, which a capture forbids.</remarks>
public sealed class MatmulPlan
{
    private readonly ICublasLt _cublasLt;
    private cublasLtMatmulAlgo_t _algorithm;

    internal MatmulPlan(ICublasLt cublasLt, MatmulOperation operation, in cublasLtMatmulAlgo_t algorithm, nuint workspaceBytes, bool tuned)
    {
        _cublasLt = cublasLt;
        Operation = operation;
        Choose(in algorithm, workspaceBytes, tuned);
    }

    /// <summary>The shape.</summary>
    public MatmulShape Shape => Operation.Shape;

    /// <summary>Scratch that the algorithm uses, in bytes; at most the planner's workspace.</summary>
    public nuint WorkspaceBytes { get; private set; }

    /// <summary>Whether the algorithm won a race (now or in an earlier run) rather than being the heuristic's first.</summary>
    public bool IsTuned { get; private set; }

    internal MatmulOperation Operation { get; }

    internal cublasLtMatmulAlgo_t Algorithm => _algorithm;

    /// <summary>Enqueues the product: y = epilogue(x · Wᵀ + bias), or epilogue(y + x · Wᵀ + bias) where the shape accumulates, or as the shape's form
    /// has it. Allocates nothing and does not synchronise, so it may be captured; a capture keeps the pointers.</summary>
    /// <param name="x">x of the shape.</param>
    /// <param name="weight">W of the shape.</param>
    /// <param name="bias">N values, aligned to 16 bytes; the default value when the epilogue adds none.</param>
    /// <param name="y">y of the shape.</param>
    /// <param name="stream">The stream.</param>
    /// <exception cref="ArgumentException">An address is less aligned than the shape says, or a bias is missing or superfluous.</exception>
    /// <exception cref="CublasLtException">The library refuses.</exception>
    public void Enqueue(CUdeviceptr x, CUdeviceptr weight, CUdeviceptr bias, CUdeviceptr y, CUstream stream)
    {
        Bind(x, weight, bias, y);
        cublasStatus_t status = Operation.Enqueue(in _algorithm, x, weight, y, stream);
        if (status != cublasStatus_t.CUBLAS_STATUS_SUCCESS)
        {
            throw new CublasLtException(status, nameof(_cublasLt.cublasLtMatmul), Shape.ToString());
        }
    }

    internal void Bind(CUdeviceptr x, CUdeviceptr weight, CUdeviceptr bias, CUdeviceptr y)
    {
        RequireAligned(x, Shape.AlignX, nameof(x));
        RequireAligned(weight, Shape.AlignW, nameof(weight));
        RequireAligned(y, Shape.AlignY, nameof(y));
        if (Shape.HasBias)
        {
            RequireAligned(bias, MatmulShape.BiasAlignment, nameof(bias));
            Operation.SetBias(bias);
        }
        else if (bias != default)
        {
            throw new ArgumentException($"Matmul: a bias is given and the epilogue adds none: {Shape}", nameof(bias));
        }
    }

    internal void Choose(in cublasLtMatmulAlgo_t algorithm, nuint workspaceBytes, bool tuned)
    {
        _algorithm = algorithm;
        WorkspaceBytes = workspaceBytes;
        IsTuned = tuned;
    }

    private void RequireAligned(CUdeviceptr address, int bytes, string name)
    {
        if (address == default || (address.Value & (ulong)(bytes - 1)) != 0)
        {
            throw new ArgumentException($"Matmul: {name} is at 0x{address.Value:x}, not at a multiple of {bytes} bytes: {Shape}", name);
        }
    }
}
