using L2c.Kernels.Cuda;
using L2c.Native;

namespace L2c.Kernels.Tests.Cuda.Matmul;

public sealed class MatmulPlannerTests : IDisposable
{
    private readonly MatmulBench _bench = new();

    public void Dispose() => _bench.Dispose();

    [Theory]
    [InlineData(1, 1, 1, 0, 0, MatmulEpilogue.None)]
    [InlineData(5, 3, 7, 2, 4, MatmulEpilogue.Bias)]
    [InlineData(4, 6, 2, 1, 0, MatmulEpilogue.GeluTanhBias)]
    [InlineData(2, 5, 3, 0, 3, MatmulEpilogue.GeluTanh)]
    [InlineData(4, 6, 2, 0, 0, MatmulEpilogue.ReluBias)]
    [InlineData(2, 5, 3, 1, 0, MatmulEpilogue.Relu)]
    public void Descriptors_mean_x_times_W_transposed_with_row_strides(int m, int n, int k, int gapX, int gapY, MatmulEpilogue epilogue)
    {
        MatmulShape shape = MatmulBench.Shape(m, n, k, epilogue) with { LdX = k + gapX, LdY = n + gapY };
        MatmulBench.Operands data = MatmulBench.Fill(shape);
        Enqueue(_bench.Planner.Plan(shape), data);

        (int x0, int w0, int b0, int y0) = (
            MatmulBench.Offset(data.X), MatmulBench.Offset(data.Weight), MatmulBench.Offset(data.Bias), MatmulBench.Offset(data.Y));
        for (int i = 0; i < m; i++)
        {
            for (int j = 0; j < shape.LdY; j++)
            {
                double sum = shape.HasBias && j < n ? data.Bias[b0 + j] : 0;
                for (int c = 0; c < k && j < n; c++)
                {
                    sum += (double)data.X[x0 + (i * shape.LdX) + c] * data.Weight[w0 + (j * k) + c];
                }

                bool gelu = epilogue is MatmulEpilogue.GeluTanh or MatmulEpilogue.GeluTanhBias;
                bool relu = epilogue is MatmulEpilogue.Relu or MatmulEpilogue.ReluBias;
                double y = gelu ? 0.5 * sum * (1 + Math.Tanh(Math.Sqrt(2 / Math.PI) * (sum + (0.044715 * sum * sum * sum))))
                    : relu ? Math.Max(sum, 0)
                    : sum;
                Assert.Equal(j < n ? y : MatmulBench.Guard, data.Y[y0 + (i * shape.LdY) + j], 1e-5);
            }
        }
    }

    [Theory]
    [InlineData(MatmulForm.InputGradient, 0, 0)]
    [InlineData(MatmulForm.InputGradient, 3, 2)]
    [InlineData(MatmulForm.WeightGradient, 0, 0)]
    [InlineData(MatmulForm.WeightGradient, 1, 4)]
    public void Descriptors_of_the_gradients_read_operands_the_other_way(MatmulForm form, int gapX, int gapW)
    {
        const int M = 5, N = 3, K = 7;
        MatmulShape shape = MatmulBench.Shape(M, N, K, MatmulEpilogue.None) with { Form = form };
        shape = shape with { LdX = shape.X.Columns + gapX, LdW = gapW == 0 ? 0 : shape.W.Columns + gapW };
        MatmulBench.Operands data = MatmulBench.Fill(shape);
        Enqueue(_bench.Planner.Plan(shape), data);
        (int x0, int w0, int y0) = (MatmulBench.Offset(data.X), MatmulBench.Offset(data.Weight), MatmulBench.Offset(data.Y));
        for (int i = 0; i < M; i++)
        {
            for (int j = 0; j < N; j++)
            {
                double sum = 0;
                for (int k = 0; k < K; k++)
                {
                    int x = form == MatmulForm.InputGradient ? (i * shape.LdX) + k : (k * shape.LdX) + i;
                    sum += (double)data.X[x0 + x] * data.Weight[w0 + (k * shape.RowStrideW) + j];
                }

                Assert.Equal(sum, data.Y[y0 + (i * N) + j], 1e-5);
            }
        }
    }

    [Fact]
    public void A_product_that_accumulates_is_added_to_y_before_the_epilogue_and_has_a_plan_of_its_own()
    {
        MatmulShape plain = MatmulBench.Shape(4, 6, 3, MatmulEpilogue.GeluTanhBias), shape = plain with { Accumulates = true };
        Assert.NotSame(_bench.Planner.Plan(plain), _bench.Planner.Plan(shape));
        Assert.Equal(plain.ToString().Replace(" = ", " += ", StringComparison.Ordinal), shape.ToString());
        MatmulBench.Operands data = MatmulBench.Fill(shape);
        (int x0, int w0, int b0, int y0) = (
            MatmulBench.Offset(data.X), MatmulBench.Offset(data.Weight), MatmulBench.Offset(data.Bias), MatmulBench.Offset(data.Y));
        for (int i = 0; i < shape.M * shape.N; i++)
        {
            data.Y[y0 + i] = i / 8f;
        }

        Enqueue(_bench.Planner.Plan(shape), data);
        for (int i = 0; i < shape.M * shape.N; i++)
        {
            (int row, int column) = (i / shape.N, i % shape.N);
            double sum = i / 8.0 + data.Bias[b0 + column];
            for (int k = 0; k < shape.K; k++)
            {
                sum += (double)data.X[x0 + (row * shape.K) + k] * data.Weight[w0 + (column * shape.K) + k];
            }

            Assert.Equal(0.5 * sum * (1 + Math.Tanh(Math.Sqrt(2 / Math.PI) * (sum + (0.044715 * sum * sum * sum)))), data.Y[y0 + i], 1e-5);
        }
    }

    [Fact]
    public void Every_form_has_a_line_of_its_own_and_a_weights_gradient_is_fp32()
    {
        MatmulShape map = MatmulBench.Shape(2, 4, 8, MatmulEpilogue.None, DType.BF16);
        MatmulShape input = map with { Form = MatmulForm.InputGradient }, weight = map with { Form = MatmulForm.WeightGradient, LdX = 2, LdW = 6 };
        Assert.Equal("y[2,4]/4 = x[2,8]/8 W[4,8]' BF16 CUBLAS_COMPUTE_32F None align 16,16,16", map.ToString());
        Assert.Equal("y[2,4]/4 = x[2,8]/8 W[8,4] BF16 CUBLAS_COMPUTE_32F None align 16,16,16", input.ToString());
        Assert.Equal("y[2,4]/4 = x[8,2]/2' W[8,4]/6 BF16 CUBLAS_COMPUTE_32F None align 16,16,16", weight.ToString());
        Assert.Equal((DType.BF16, DType.F32), (input.OutputType, weight.OutputType));
        Assert.NotSame(_bench.Planner.Plan(map), _bench.Planner.Plan(input));
    }

    [Fact]
    public void A_shape_is_planned_once()
    {
        MatmulShape shape = MatmulBench.Shape(8, 8, 8);
        MatmulPlan plan = _bench.Planner.Plan(shape);
        Assert.Same(plan, _bench.Planner.Plan(MatmulBench.Shape(8, 8, 8)));
        Assert.Equal(1, _bench.Library.Calls.Heuristic);
        Assert.NotSame(plan, _bench.Planner.Plan(shape with { AlignX = 8 }));
        Assert.NotSame(plan, _bench.Planner.Plan(shape with { Epilogue = MatmulEpilogue.None }));
        Assert.NotSame(plan, _bench.Planner.Plan(shape with { LdY = 9 }));
        Assert.Equal(4, _bench.Planner.Plans.Count());
    }

    [Theory]
    [InlineData(DType.F16, cublasComputeType_t.CUBLAS_COMPUTE_32F, 2)]
    [InlineData(DType.BF16, cublasComputeType_t.CUBLAS_COMPUTE_32F, 2)]
    [InlineData(DType.F32, cublasComputeType_t.CUBLAS_COMPUTE_32F, 0)]
    [InlineData(DType.F32, cublasComputeType_t.CUBLAS_COMPUTE_32F_FAST_TF32, 0)]
    public void The_heuristic_learns_workspace_alignments_and_that_sums_stay_fp32(DType type, cublasComputeType_t compute, int reductions)
    {
        MatmulShape shape = MatmulBench.Shape(8, 8, 8, type: type) with { Compute = compute, AlignX = 16, AlignW = 128, AlignY = 64 };
        _bench.Planner.Plan(shape);

        FakeCublasLt.Descriptor wishes = _bench.Library.LastWishes;
        Assert.Equal((32 << 20, 8), wishes[cublasLtMatmulPreferenceAttributes_t.CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES]);
        Assert.Equal((128, 4), wishes[cublasLtMatmulPreferenceAttributes_t.CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES]);
        Assert.Equal((16, 4), wishes[cublasLtMatmulPreferenceAttributes_t.CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES]);
        Assert.Equal((64, 4), wishes[cublasLtMatmulPreferenceAttributes_t.CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES]);
        Assert.Equal((64, 4), wishes[cublasLtMatmulPreferenceAttributes_t.CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES]);
        Assert.Equal(reductions, wishes[cublasLtMatmulPreferenceAttributes_t.CUBLASLT_MATMUL_PREF_REDUCTION_SCHEME_MASK].Value);
        Assert.Equal((compute, cudaDataType_t.CUDA_R_32F), (_bench.Library.LastOperation.Compute, _bench.Library.LastOperation.Type));
    }

    [Fact]
    public void A_shape_without_an_algorithm_is_told_apart_from_a_failure()
    {
        MatmulShape odd = MatmulBench.Shape(4, 7, 8, type: DType.BF16);
        Assert.False(_bench.Planner.TryPlan(odd, out MatmulPlan? none));
        Assert.Null(none);
        Assert.False(_bench.Planner.TryPlan(odd, out _));
        Assert.Equal(1, _bench.Library.Calls.Heuristic); // also that there is none is learnt once
        CublasLtException e = Assert.Throws<CublasLtException>(() => _bench.Planner.Plan(odd));
        Assert.Equal(
            "cublasLtMatmulAlgoGetHeuristic: CUBLAS_STATUS_NOT_SUPPORTED (15); no algorithm for "
            + "y[4,7]/7 = x[4,8]/8 W[7,8]' BF16 CUBLAS_COMPUTE_32F Bias align 16,16,16",
            e.Message);

        // Some versions call what they have no kernel for invalid.
        _bench.Library.HeuristicStatus = cublasStatus_t.CUBLAS_STATUS_INVALID_VALUE;
        Assert.False(_bench.Planner.TryPlan(MatmulBench.Shape(3, 5, 9), out none));
        Assert.Null(none);

        _bench.Library.HeuristicStatus = cublasStatus_t.CUBLAS_STATUS_INTERNAL_ERROR;
        Assert.Throws<CublasLtException>(() => _bench.Planner.TryPlan(MatmulBench.Shape(4, 8, 8), out _));
        Assert.Equal(1, _bench.Library.Alive); // the handle
    }

    [Fact]
    public void Algorithms_that_cannot_be_used_are_passed_over()
    {
        _bench.Library.Algorithms[0] = new FakeAlgorithm(1, 1, 0, cublasStatus_t.CUBLAS_STATUS_NOT_SUPPORTED);
        Assert.False(_bench.Planner.TryPlan(MatmulBench.Shape(8, 8, 8), out _));
        _bench.Library.Algorithms[0] = new FakeAlgorithm(1, 1, (32 << 20) + 1);
        Assert.False(_bench.Planner.TryPlan(MatmulBench.Shape(9, 8, 8), out _));
    }

    [Fact]
    public void An_enqueue_names_its_workspace_stream_and_bias_and_allocates_nothing()
    {
        MatmulShape shape = MatmulBench.Shape(2, 2, 2);
        MatmulPlan plan = _bench.Planner.Plan(shape);
        Assert.Equal(MatmulBench.Workspace.Address.Value + 16, _bench.Library.LastOperation.Bias);
        MatmulBench.Operands data = MatmulBench.Fill(shape);
        Enqueue(plan, data);
        Assert.Equal(MatmulBench.Address(data.Bias).Value, _bench.Library.LastOperation.Bias);
        Assert.Equal((MatmulBench.Workspace.Address, MatmulBench.Workspace.Bytes), _bench.Library.LastWorkspace);
        Assert.Equal((MatmulBench.Stream, 1ul), (_bench.Library.LastStream, _bench.Library.LastAlgorithm));

        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 100; i++)
        {
            Enqueue(plan, data);
        }

        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    [Fact]
    public void Addresses_that_break_the_shapes_promise_are_refused()
    {
        MatmulShape shape = MatmulBench.Shape(2, 2, 4);
        MatmulPlan plan = _bench.Planner.Plan(shape);
        CUdeviceptr good = new(0x1010), odd = new(0x1008);
        string message = Assert.Throws<ArgumentException>(() => plan.Enqueue(good, good, odd, good, default)).Message;
        Assert.StartsWith("Matmul: bias is at 0x1008, not at a multiple of 16 bytes: y[2,2]/2 = x[2,4]/4 W[2,4]'", message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => plan.Enqueue(odd, good, good, good, default));
        Assert.Throws<ArgumentException>(() => plan.Enqueue(good, odd, good, good, default));
        Assert.Throws<ArgumentException>(() => plan.Enqueue(good, good, good, odd, default));
        Assert.Throws<ArgumentException>(() => plan.Enqueue(good, good, default, good, default));
        MatmulPlan bare = _bench.Planner.Plan(shape with { Epilogue = MatmulEpilogue.None });
        Assert.Throws<ArgumentException>(() => bare.Enqueue(good, good, good, good, default));
        Assert.Equal(0, _bench.Library.Calls.Matmul);
    }

    [Fact]
    public void Shapes_that_contradict_themselves_are_refused()
    {
        MatmulShape good = MatmulBench.Shape(2, 4, 8);
        MatmulShape[] bad =
        [
            good with { M = 0 }, good with { LdX = 7 }, good with { LdY = 3 }, good with { Type = DType.I32 }, good with { AlignX = 3 },
            good with { AlignW = 2 }, good with { AlignY = 512 }, good with { LdW = 7 },
            good with { Form = MatmulForm.WeightGradient, LdX = 2 }, good with { Form = MatmulForm.InputGradient, LdW = 3 },
            good with { Type = DType.F16, Compute = cublasComputeType_t.CUBLAS_COMPUTE_32F_FAST_TF32 },
        ];
        foreach (MatmulShape shape in bad)
        {
            Assert.Throws<ArgumentException>(() => _bench.Planner.TryPlan(shape, out _));
        }

        Assert.Throws<ArgumentException>(
            () => new MatmulPlanner(_bench.Library, _bench.Driver, new MatmulWorkspace(new CUdeviceptr(128), 1024)));
    }

    [Theory]
    [InlineData(0x1000, 256)]
    [InlineData(0x1080, 128)]
    [InlineData(0x1012, 2)]
    [InlineData(0, 256)]
    public void Alignments_come_from_addresses(ulong address, int bytes) =>
        Assert.Equal(bytes, MatmulShape.AlignmentOf(new CUdeviceptr(address)));

    [Fact]
    public void Everything_is_destroyed()
    {
        _bench.Planner.Plan(MatmulBench.Shape(8, 8, 8));
        _bench.Planner.TryPlan(MatmulBench.Shape(8, 7, 8, type: DType.F16), out _);
        Assert.Equal(5, _bench.Library.Alive); // handle, operation, three layouts
        _bench.Planner.Dispose();
        Assert.Equal(0, _bench.Library.Alive);
        _bench.Planner.Dispose();
        Assert.Throws<ObjectDisposedException>(() => _bench.Planner.Plan(MatmulBench.Shape(8, 8, 8)));
    }

    private static void Enqueue(MatmulPlan plan, MatmulBench.Operands data) => plan.Enqueue(
        MatmulBench.Address(data.X), MatmulBench.Address(data.Weight), plan.Shape.HasBias ? MatmulBench.Address(data.Bias) : default,
        MatmulBench.Address(data.Y), MatmulBench.Stream);
}
