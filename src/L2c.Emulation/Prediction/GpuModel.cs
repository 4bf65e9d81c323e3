namespace L2c.Emulation;

/// <summary>What a prediction knows of a GPU: one row of numbers, each with its source.</summary>
/// <remarks>
/// <para>Everything that is computed from these is a prediction. The first measurements on a GPU replace what is marked as assumed.</para>
/// <para>Sources: [W] NVIDIA A100 and H100 architecture whitepapers and data sheets; [G] CUDA C++ programming guide, technical specifications and
/// arithmetic throughput per compute capability; [B] measurements of te42kyfo/gpu-benches (gpu-l2-cache: read bandwidth of 5 to 40 MB, and of
/// GB); [D] Luo et al. 2025, "Dissecting the NVIDIA Hopper Architecture" (arXiv 2501.12084); [A] assumed.</para>
/// </remarks>
public sealed record GpuModel
{
    /// <summary>Warps per multiprocessor at which a pipe is half used: with w resident warps it is busy w / (w + this) of the time. [A]: 16 warps,
    /// which flash attention has, so come to four fifths.</summary>
    public const double HalfUseWarps = 4;

    /// <summary>Seconds from the end of a kernel to the beginning of the next node of a graph. [A]</summary>
    public const double LaunchGap = 1.1e-6;

    /// <summary>Lanes of the special function unit per clock and multiprocessor: ex2, lg2, rcp, rsqrt, sqrt, sin, cos, tanh. [G]</summary>
    public const int SpecialLanesPerClock = 16;

    /// <summary>Warp instructions that a multiprocessor issues per clock: four schedulers. [W]</summary>
    public const int IssuePerClock = 4;

    /// <summary>Bytes per clock from L2 to a multiprocessor. [A]</summary>
    public const double PortBytesPerClock = 64;

    /// <summary>32-bit registers of a multiprocessor; a warp takes them 256 at a time. [G]</summary>
    public const int Registers = 65536;

    /// <summary>Resident warps and blocks of a multiprocessor at most. [G]</summary>
    public const int MaxWarps = 64, MaxBlocks = 32;

    /// <summary>Shared memory that the driver takes of every block. [G]</summary>
    public const int ReservedSharedBytes = 1024;

    /// <summary>Rows and columns of the tiles that the library has kernels for. [A]</summary>
    public static IReadOnlyList<(int Rows, int Columns)> ProductTiles { get; } =
        [(256, 128), (128, 256), (128, 192), (192, 128), (128, 128), (128, 64), (64, 128), (64, 64)];

    /// <summary>All that are known.</summary>
    public static IReadOnlyList<GpuModel> All { get; } =
    [
        new()
        {
            Name = "a100", Title = "A100 SXM 80 GB", ComputeCapability = new Version(8, 0), MemoryBytes = 80L << 30,
            Multiprocessors = 108, // [W]
            Gigahertz = 1.41, // [W] boost, which it holds
            TensorMacsPerClock = 1024, // [W] 312 TFLOP/s of fp16 and bf16, dense
            MmaShare = 1, // [A] mma.sync is the only way in
            ProductShare = 0.85, // [A]
            Fp32Tflops = 19.5, // [W]
            SharedBytesPerMultiprocessor = 164 << 10, // [G]
            L2Bytes = 40L << 20, // [W]
            L2Bandwidth = 5.4e12, // [B]
            MemoryBandwidth = 1.75e12, // [B], of 2.04 [W]
        },
        Hopper with
        {
            Name = "h100", Title = "H100 SXM", MemoryBytes = 80L << 30,
            ProductShare = 0.75, // [A]
            MemoryBandwidth = 3.0e12, // [A] nine tenths of 3.35 [W], as on an H200
        },
        Hopper with
        {
            Name = "h200", Title = "H200 SXM", MemoryBytes = 141L << 30,
            ProductShare = 0.80, // [A] about 790 of 989 TFLOP/s
            MemoryBandwidth = 4.3e12, // [A] nine tenths of 4.8 [W]; reads reach 3.9 [B]
        },
    ];

    private static GpuModel Hopper => new()
    {
        Name = "",
        Title = "",
        ComputeCapability = new Version(9, 0),
        MemoryBytes = 0,
        Multiprocessors = 132, // [W]
        Gigahertz = 1.83, // [W]: the clock that its 989 TFLOP/s are of
        TensorMacsPerClock = 2048, // [W] 989 TFLOP/s of fp16 and bf16, dense
        MmaShare = 0.62, // [D] mma.sync; only wgmma reaches the rest
        ProductShare = 0,
        Fp32Tflops = 66.9, // [W]
        SharedBytesPerMultiprocessor = 228 << 10, // [G]
        L2Bytes = 50L << 20, // [W]
        L2Bandwidth = 9.7e12, // [B] of an H200, which has the H100's die
        MemoryBandwidth = 0,
    };

    /// <summary>As on the command line: h200.</summary>
    public required string Name { get; init; }

    /// <summary>For people.</summary>
    public required string Title { get; init; }

    /// <summary>9.0 for sm_90.</summary>
    public required Version ComputeCapability { get; init; }

    /// <summary>Device memory.</summary>
    public required long MemoryBytes { get; init; }

    /// <summary>Streaming multiprocessors.</summary>
    public required int Multiprocessors { get; init; }

    /// <summary>Clock under load.</summary>
    public required double Gigahertz { get; init; }

    /// <summary>Multiply-adds of fp16 and bf16 on the tensor cores per clock and multiprocessor; tf32 has half.</summary>
    public required int TensorMacsPerClock { get; init; }

    /// <summary>Share of these that mma.sync reaches.</summary>
    public required double MmaShare { get; init; }

    /// <summary>Share of these that the library's products reach where their tiles fill the device.</summary>
    public required double ProductShare { get; init; }

    /// <summary>fp32 without tensor cores, 10^12 a second.</summary>
    public required double Fp32Tflops { get; init; }

    /// <summary>Shared memory of a multiprocessor.</summary>
    public required int SharedBytesPerMultiprocessor { get; init; }

    /// <summary>Size of L2.</summary>
    public required long L2Bytes { get; init; }

    /// <summary>Bytes per second from L2.</summary>
    public required double L2Bandwidth { get; init; }

    /// <summary>Bytes per second of device memory that a kernel reaches.</summary>
    public required double MemoryBandwidth { get; init; }

    /// <summary>fp16 and bf16 on the tensor cores, dense, 10^12 a second.</summary>
    public double TensorTflops => 2e-3 * TensorMacsPerClock * Multiprocessors * Gigahertz;

    /// <summary>The model of a name, or null.</summary>
    public static GpuModel? Find(string name) => All.FirstOrDefault(model => model.Name == name);
}
