using L2c.Native;

namespace L2c.Emulation;

/// <summary>One way to do a matmul. All give the same bits; they differ in what they demand.</summary>
/// <param name="Id">Its number; part of the opaque algorithm and of <see cref="MatmulLaunch"/>.</param>
/// <param name="Alignment">What every address and stride in bytes must be a multiple of; 1 for the element's own.</param>
/// <param name="WorkspaceBytes">What it writes to the workspace.</param>
internal sealed record EmulatedAlgorithm(int Id, int Alignment, int WorkspaceBytes)
{
    private const ulong Magic = 0x4C32_6345_6D75_4C74;

    /// <summary>Best guess first. The last one takes every shape and address, as the library's slow kernels do.</summary>
    public static IReadOnlyList<EmulatedAlgorithm> All { get; } = [new(11, 16, 0), new(12, 16, 64 << 10), new(13, 16, 1 << 20), new(1, 1, 0)];

    public static EmulatedAlgorithm? Find(in cublasLtMatmulAlgo_t algo)
    {
        (ulong magic, ulong id) = (algo[0], algo[1]);
        return magic == Magic ? All.FirstOrDefault(a => (ulong)a.Id == id) : null;
    }

    public cublasLtMatmulAlgo_t Pack()
    {
        cublasLtMatmulAlgo_t algo = default;
        (algo[0], algo[1]) = (Magic, (ulong)Id);
        return algo;
    }

    /// <summary>Whether the strides of all four matrices fit.</summary>
    public bool Serves(in MatmulProblem problem) =>
        problem.A.StridesAlign(Alignment) && problem.B.StridesAlign(Alignment)
        && problem.C.StridesAlign(Alignment) && problem.D.StridesAlign(Alignment);
}
