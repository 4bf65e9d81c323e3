using L2c.Kernels.Cuda;
using L2c.Native;

namespace L2c.Kernels;

public sealed unsafe partial class CudaDevice
{
    private CUdeviceptr _matmulWorkspace;
    private readonly HashSet<MatmulPlan> _tried = [];
    private MatmulPlanner? _matmuls;
    private bool? _fusesGelu, _fusesRelu; // null until the library's formula has been looked at

    /// <inheritdoc/>
    protected override void LinearCore(Tensor x, Matrix weight, Tensor bias, Tensor y, Activation activation, bool accumulates)
    {
        RequireType(nameof(Linear), StorageType, x, bias, y);
        RequireOwn(nameof(Linear), weight);
        long m = x.Rows, n = weight.Outputs, k = weight.Inputs;
        BeginOp(nameof(Linear), flops: 2 * m * n * k, bytes: ((m * k) + (n * k) + (m * n * (accumulates ? 2 : 1))) * StorageType.Size());

        Product(nameof(Linear), x, weight, bias, y, activation, accumulates);
    }

    // Part of an op that has begun and checked its operands.
    private void Product(string op, Tensor x, Matrix weight, Tensor bias, Tensor y, Activation activation, bool accumulates)
    {
        // cuBLASLt wants a bias on 16 bytes; a slice of a small model's may lie elsewhere.
        bool fusesBias = !bias.IsNone && bias.Address % MatmulShape.BiasAlignment == 0;
        bool fusesActivation = (fusesBias || bias.IsNone) && Fuses(op, activation);
        MatmulEpilogue epilogue = (fusesActivation ? activation : Activation.None, fusesBias) switch
        {
            (Activation.GeluTanh, true) => MatmulEpilogue.GeluTanhBias,
            (Activation.GeluTanh, false) => MatmulEpilogue.GeluTanh,
            (Activation.Relu, true) => MatmulEpilogue.ReluBias,
            (Activation.Relu, false) => MatmulEpilogue.Relu,
            (_, true) => MatmulEpilogue.Bias,
            _ => MatmulEpilogue.None,
        };
        if (TryMatmul(op, x, weight, fusesBias ? bias : default, y, epilogue, accumulates))
        {
            Finish(y, fusesBias ? default : bias, fusesActivation ? Activation.None : activation);
        }
        else if (epilogue != MatmulEpilogue.None && TryMatmul(op, x, weight, default, y, MatmulEpilogue.None, accumulates))
        {
            Finish(y, bias, activation);
        }
        else
        {
            PlainMatmul(x, weight, bias, y, accumulates, op);
            Finish(y, default, activation);
        }
    }

    private void Finish(Tensor y, Tensor bias, Activation activation)
    {
        if (!bias.IsNone || activation != Activation.None)
        {
            BiasActivation(y, bias, y, activation);
        }
    }

    private bool Fuses(string op, Activation activation) => activation switch
    {
        Activation.GeluTanh => Fuses(op, activation, ref _fusesGelu),
        Activation.Relu => Fuses(op, activation, ref _fusesRelu),
        _ => false,
    };

    // On paper nothing runs, and which kernel would makes no difference.
    private bool Fuses(string op, Activation activation, ref bool? known)
    {
        if (known is null && !_onPaper)
        {
            RequireLoadable(op);
            known = FusedActivation.IsOurs(_driver, _matmuls!, activation, StorageType, Precision.ComputeType(), _stream.Handle);
        }

        return known ?? false;
    }

    // A transposed weight is the same memory, read the other way.
    private bool TryMatmul(string op, Tensor x, Matrix weight, Tensor bias, Tensor y, MatmulEpilogue epilogue, bool accumulates)
    {
        CUdeviceptr weightAddress = new((ulong)weight.Address);
        var shape = new MatmulShape(
            x.Rows,
            weight.Outputs,
            weight.Inputs,
            x.RowStride,
            y.RowStride,
            StorageType,
            Precision.ComputeType(),
            epilogue,
            MatmulShape.AlignmentOf(Address(x)),
            MatmulShape.AlignmentOf(weightAddress),
            MatmulShape.AlignmentOf(Address(y)),
            weight.IsTransposed ? MatmulForm.InputGradient : MatmulForm.Map,
            weight.Pitch,
            accumulates);
        return TryMatmul(op, shape, Address(x), weightAddress, Address(bias), Address(y));
    }

    // False where the library has no algorithm.
    private bool TryMatmul(string op, in MatmulShape shape, CUdeviceptr x, CUdeviceptr weight, CUdeviceptr bias, CUdeviceptr y)
    {
        if (!_matmuls!.TryPlan(shape, out MatmulPlan? plan))
        {
            return false;
        }

        if (_mode == Mode.Capturing && !_tried.Contains(plan))
        {
            RequireLoadable(op);
        }
        else if (_mode == Mode.Preparing && !_onPaper && !_tried.Contains(plan))
        {
            Try(plan);
            _tried.Add(plan);
        }

        if (_mode != Mode.Preparing)
        {
            plan.Enqueue(x, weight, bias, y, _stream.Handle);
        }

        return true;
    }

    // On operands of its own: at this point the real ones may hold nothing yet.
    private void Try(MatmulPlan plan)
    {
        using var scratch = new MatmulScratch(_driver, plan.Shape, _stream.Handle);
        if (Options.Tune)
        {
            _matmuls!.Tune(plan, scratch.X, scratch.Weight, scratch.Bias, scratch.Y, _stream.Handle);
        }

        plan.Enqueue(scratch.X, scratch.Weight, scratch.Bias, scratch.Y, _stream.Handle);
        _stream.Synchronize();
    }

    private void OpenMatmul(ICublasLt cublasLt, CudaDeviceInfo info)
    {
        _fusesGelu = Options.FusedGelu ?? (StorageType != DType.F32 && info.ComputeCapability.Major >= 9 ? null : false);
        nuint bytes = MatmulWorkspace.RecommendedBytes(info.ComputeCapability);
        _driver.Check(_driver.cuMemAlloc_v2(out _matmulWorkspace, bytes));
        MatmulCache? cache = Options.CacheFolder is null ? null : new MatmulCache(Options.CacheFolder, info.Name, cublasLt.cublasLtGetVersion());
        _matmuls = new MatmulPlanner(cublasLt, _driver, new MatmulWorkspace(_matmulWorkspace, bytes), cache);
    }

    private void CloseMatmul()
    {
        _matmuls?.SaveCache();
        _matmuls?.Dispose();
        if (_matmulWorkspace != default)
        {
            _ = _driver.cuMemFree_v2(_matmulWorkspace);
        }
    }
}
