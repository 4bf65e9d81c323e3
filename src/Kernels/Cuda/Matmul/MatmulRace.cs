using L2c.Native;

namespace L2c.Kernels.Cuda;

/// <summary>One algorithm in a race.</summary>
/// <param name="Milliseconds">Median time of one product; infinity when the library refused to run it.</param>
/// <param name="WorkspaceBytes">Scratch that it uses, in bytes.</param>
/// <param name="Waves">How often it fills the device, by the library's own estimate.</param>
public readonly record struct MatmulCandidate(double Milliseconds, nuint WorkspaceBytes, float Waves);

/// <summary>The candidates of one shape, timed on the device.</summary>
/// <param name="Shape">The shape.</param>
/// <param name="Candidates">In the order of the heuristic: the first is what would be used without a race.</param>
/// <param name="Winner">Index of the fastest; of equally fast ones the one that the heuristic prefers.</param>
public sealed record MatmulRace(MatmulShape Shape, IReadOnlyList<MatmulCandidate> Candidates, int Winner)
{
    /// <summary>Most candidates that are asked for.</summary>
    internal const int MaxCandidates = 16;

    /// <summary>Times taken of each candidate, not counting the first round, which warms up.</summary>
    internal const int Rounds = 9;

    /// <summary>Products per time taken, so that the gaps between launches weigh as little as in a graph.</summary>
    internal const int ProductsPerSample = 4;

    /// <summary>Runs the candidates in turn, round by round, so that a clock that drifts favours none. The device waits for the host once a
    /// round.</summary>
    internal static MatmulRace Run(
        ICudaDriver driver,
        MatmulOperation operation,
        IReadOnlyList<cublasLtMatmulHeuristicResult_t> candidates,
        CUdeviceptr x,
        CUdeviceptr weight,
        CUdeviceptr y,
        CUstream stream)
    {
        double[][] times = [.. candidates.Select(_ => new double[Rounds])];
        cublasStatus_t[] status = new cublasStatus_t[candidates.Count];
        List<CudaEvent> marks = [];
        try
        {
            for (int i = 0; i < 2 * candidates.Count; i++)
            {
                marks.Add(new CudaEvent(driver));
            }

            for (int round = -1; round < Rounds; round++)
            {
                for (int i = 0; i < candidates.Count; i++)
                {
                    marks[2 * i].Record(stream);
                    for (int n = 0; n < ProductsPerSample && status[i] == cublasStatus_t.CUBLAS_STATUS_SUCCESS; n++)
                    {
                        status[i] = operation.Enqueue(candidates[i].algo, x, weight, y, stream);
                    }

                    marks[(2 * i) + 1].Record(stream);
                }

                driver.Check(driver.cuStreamSynchronize(stream));
                for (int i = 0; i < candidates.Count && round >= 0; i++)
                {
                    times[i][round] = marks[(2 * i) + 1].MillisecondsSince(marks[2 * i]) / ProductsPerSample;
                }
            }
        }
        finally
        {
            marks.ForEach(mark => mark.Dispose());
        }

        MatmulCandidate[] results = [.. candidates.Select((candidate, i) => new MatmulCandidate(
            status[i] == cublasStatus_t.CUBLAS_STATUS_SUCCESS ? Median(times[i]) : double.PositiveInfinity,
            candidate.workspaceSize,
            candidate.wavesCount))];
        int winner = results.Select((result, i) => (result.Milliseconds, i)).DefaultIfEmpty((double.PositiveInfinity, 0)).Min().Item2;
        return results.Length > 0 && double.IsFinite(results[winner].Milliseconds)
            ? new MatmulRace(operation.Shape, results, winner)
            : throw new CublasLtException(
                results.Length > 0 ? status[winner] : cublasStatus_t.CUBLAS_STATUS_NOT_SUPPORTED,
                nameof(ICublasLt.cublasLtMatmul),
                $"no candidate runs: {operation.Shape}");
    }

    private static double Median(double[] values)
    {
        Array.Sort(values);
        return values[values.Length / 2];
    }
}
