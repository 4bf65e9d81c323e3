using System.Numerics;
using System.Runtime.InteropServices;
using L2c.Native;

namespace L2c.Emulation;

/// <summary>The work of a matmul on device memory.</summary>
internal static unsafe class MatmulKernel
{
    // Where values do not matter, a larger product is only checked.
    private const double LargeProduct = 1 << 24;

    private static readonly float _geluScale = (float)Math.Sqrt(2 / Math.PI);

    /// <summary>Runs it; a large one on memory whose values do not matter is left out. The workspace is overwritten with NaN, so
    /// that a buffer that shares it does not survive.</summary>
    /// <exception cref="DeviceFault">A matrix lies outside its allocation or was not written, or D overlaps what is read.</exception>
    public static void Run(
        MatmulProblem problem,
        EmulatedAlgorithm algorithm,
        float alpha,
        float beta,
        (ulong A, ulong B, ulong C, ulong D) address,
        ulong workspace,
        LibraryTraits traits,
        DeviceMemory memory)
    {
        int m = problem.M, n = problem.N, k = problem.K;
        if (!memory.KeepsValues && (double)m * n * k > LargeProduct)
        {
            return;
        }

        if (algorithm.WorkspaceBytes > 0)
        {
            NativeMemory.Fill(memory.WriteRange(workspace, algorithm.WorkspaceBytes), (nuint)algorithm.WorkspaceBytes, 0xFF);
        }

        Tf32 rounding = problem.Compute != cublasComputeType_t.CUBLAS_COMPUTE_32F_FAST_TF32 ? Tf32.No
            : traits.TruncatesTf32 ? Tf32.Truncated
            : Tf32.Nearest;
        int padded = (m + FloatGemm.PanelRows - 1) / FloatGemm.PanelRows * FloatGemm.PanelRows;
        using var a = new Scratch((long)padded * k);
        using var b = new Scratch((long)n * k);
        using var y = new Scratch((long)n * m);
        using var bias = new Scratch(m);
        if (problem.HasBias)
        {
            Storage.Load(problem.D.Type, memory.ReadRange(problem.Bias, problem.D.ColumnBytes), m, bias.Data);
        }

        for (int batch = 0; batch < problem.D.Batch; batch++)
        {
            RefuseOverlap("A", problem.A, address.A, problem.D, address.D, batch);
            RefuseOverlap("B", problem.B, address.B, problem.D, address.D, batch);
            LoadPanels(problem, address.A, batch, rounding, a.Data, memory);
            LoadColumns(problem, address.B, batch, rounding, b.Data, memory);
            FloatGemm.Multiply(a.Data, b.Data, y.Data, m, n, k);
            if (beta != 0)
            {
                AddC(problem, address, batch, alpha, beta, y.Data, memory);
            }

            Finish(problem, beta == 0 ? alpha : 1, bias.Data, traits, y.Data);
            for (int column = 0; column < n; column++)
            {
                byte* destination = memory.WriteRange(problem.D.Column(address.D, batch, column), problem.D.ColumnBytes);
                Storage.Store(problem.D.Type, y.Data + (long)column * m, m, destination);
            }
        }
    }

    // A as panels of rows: element (row, i) of panel p at [p][i][row].
    private static void LoadPanels(MatmulProblem problem, ulong address, int batch, Tf32 rounding, float* panels, DeviceMemory memory)
    {
        MatrixLayout a = problem.A;
        int k = problem.K, rows = FloatGemm.PanelRows;
        FloatGemm.ForEach((int)a.Columns, a.Rows * a.Columns, column =>
        {
            using var line = new Scratch(a.Rows);
            Load(a, address, batch, column, rounding, line.Data, memory);
            if (problem.TransposeA)
            {
                float* lane = panels + (long)(column / rows) * k * rows + column % rows;
                for (int i = 0; i < k; i++)
                {
                    lane[(long)i * rows] = line.Data[i];
                }

                return;
            }

            for (int row = 0; row < a.Rows; row += rows)
            {
                var part = new ReadOnlySpan<float>(line.Data + row, Math.Min(rows, (int)a.Rows - row));
                part.CopyTo(new Span<float>(panels + ((long)row * k + (long)column * rows), part.Length));
            }
        });
    }

    // B as [N, K].
    private static void LoadColumns(MatmulProblem problem, ulong address, int batch, Tf32 rounding, float* columns, DeviceMemory memory)
    {
        MatrixLayout b = problem.B;
        int k = problem.K;
        FloatGemm.ForEach((int)b.Columns, b.Rows * b.Columns, column =>
        {
            if (!problem.TransposeB)
            {
                Load(b, address, batch, column, rounding, columns + (long)column * k, memory);
                return;
            }

            using var line = new Scratch(b.Rows);
            Load(b, address, batch, column, rounding, line.Data, memory);
            for (int i = 0; i < b.Rows; i++)
            {
                columns[(long)i * k + column] = line.Data[i];
            }
        });
    }

    private static void Load(MatrixLayout matrix, ulong address, int batch, int column, Tf32 rounding, float* line, DeviceMemory memory)
    {
        byte* source = memory.ReadRange(matrix.Column(address, batch, column), matrix.ColumnBytes);
        Storage.Load(matrix.Type, source, (int)matrix.Rows, line, rounding);
    }

    private static void AddC(
        in MatmulProblem problem, (ulong A, ulong B, ulong C, ulong D) address, int batch, float alpha, float beta, float* y, DeviceMemory memory)
    {
        MatrixLayout c = problem.C;
        if (address.C != address.D || c != problem.D)
        {
            RefuseOverlap("C", c, address.C, problem.D, address.D, batch);
        }

        using var line = new Scratch(c.Rows);
        for (int column = 0; column < problem.N; column++, y += problem.M)
        {
            Storage.Load(c.Type, memory.ReadRange(c.Column(address.C, batch, column), c.ColumnBytes), problem.M, line.Data);
            for (int i = 0; i < problem.M; i++)
            {
                y[i] = alpha * y[i] + beta * line.Data[i];
            }
        }
    }

    private static void Finish(MatmulProblem problem, float alpha, float* bias, LibraryTraits traits, float* y)
    {
        int m = problem.M;
        FloatGemm.ForEach(problem.N, (long)m * problem.N * (problem.HasGelu ? 16 : 1), column =>
        {
            float* line = y + (long)column * m;
            for (int i = 0; i < m; i++)
            {
                line[i] = alpha * line[i] + (problem.HasBias ? bias[i] : 0);
            }

            Func<float, float>? function = problem.HasRelu ? traits.Relu : problem.HasGelu ? traits.Gelu : null;
            if (problem.HasGelu && function is null)
            {
                Gelu(line, m);
            }

            for (int i = 0; i < m && function is not null; i++)
            {
                line[i] = function(line[i]);
            }
        });
    }

    // x/2 (1 + tanh(u)) = x / (1 + exp(-2u)), u = sqrt(2/pi) (x + 0.044715 x^3); what is past the last whole vector goes through a copy.
    private static void Gelu(float* line, int count)
    {
        int lanes = Vector<float>.Count, done = 0;
        for (; done + lanes <= count; done += lanes)
        {
            Vector.Store(Gelu(Vector.Load(line + done)), line + done);
        }

        if (done < count)
        {
            float* rest = stackalloc float[lanes];
            new ReadOnlySpan<float>(line + done, count - done).CopyTo(new Span<float>(rest, lanes));
            Vector.Store(Gelu(Vector.Load(rest)), rest);
            new ReadOnlySpan<float>(rest, count - done).CopyTo(new Span<float>(line + done, count - done));
        }
    }

    private static Vector<float> Gelu(Vector<float> x) =>
        x / (Vector<float>.One + Vector.Exp(x * (Vector<float>.One + x * x * 0.044715f) * (-2 * _geluScale)));

    // The device reads while it writes: what is right in a plain loop is a race there.
    private static void RefuseOverlap(string name, MatrixLayout read, ulong readAddress, MatrixLayout written, ulong writtenAddress, int batch)
    {
        ulong readEnd = read.Column(readAddress, batch, read.Columns - 1) + (ulong)read.ColumnBytes;
        ulong writtenEnd = written.Column(writtenAddress, batch, written.Columns - 1) + (ulong)written.ColumnBytes;
        if (readEnd <= written.Column(writtenAddress, batch, 0) || writtenEnd <= read.Column(readAddress, batch, 0))
        {
            return;
        }

        // Their extents do: two slices of one buffer may still have no column in common.
        for (long w = 0; w < written.Columns; w++)
        {
            ulong start = written.Column(writtenAddress, batch, w);
            for (long r = 0; r < read.Columns; r++)
            {
                ulong other = read.Column(readAddress, batch, r);
                if (other < start + (ulong)written.ColumnBytes && start < other + (ulong)read.ColumnBytes)
                {
                    throw new DeviceFault(FaultKind.Failed, $"column {w} of D at {start:x} overlaps column {r} of {name} at {other:x}");
                }
            }
        }
    }

    /// <summary>fp32 values outside the managed heap, aligned for vectors, zero at first.</summary>
    private sealed class Scratch : IDisposable
    {
        public Scratch(long count)
        {
            nuint bytes = (nuint)(count * sizeof(float));
            Data = (float*)NativeMemory.AlignedAlloc(bytes, 64);
            NativeMemory.Clear(Data, bytes);
        }

        public float* Data { get; }

        public void Dispose() => NativeMemory.AlignedFree(Data);
    }
}
