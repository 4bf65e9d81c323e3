using System.Reflection;
using ILGPU;
using L2c.Kernels.Cuda;
using L2c.Native;

namespace L2c.Kernels;

/// <summary>
/// x'[b,t,c] = x[b,t,c] + gate[b,c] · branch[b,t,c];  y[b,t,c] = (x'[b,t,c] − μ[b,t]) · r[b,t] · (1 + scale[b,c]) + shift[b,c],  r = 1/√(σ² + eps)
/// </summary>
/// <remarks>
/// Shapes   x, branch, x', y: [B,T,C] f32, contiguous. gate, scale, shift: [B,C] f32, rows ModulationStride elements apart
///          (slices of one [B,6C] GEMM output). T, C ≥ 1; 1 ≤ B ≤ 65535. x' may be x. y may be branch, not x or x'.
/// Numbers  x' is rounded once and both statistics are taken from the rounded value. μ and σ² accumulate in f32, in two passes
///          (one pass cancels when |μ| ≫ σ): each thread over its own channels, then a butterfly in the warp, then the warps in order. Deterministic.
/// Traffic  16·B·T·C bytes of memory plus O(B·(T + C)); two further reads of x' come back from the caches. Memory-bound. Not timed yet.
/// Launch   grid [T,B], one block of 128 threads per token; 24 bytes of static shared memory, none dynamic.
/// Source   Peebles and Xie 2023, adaLN-Zero; DiT models.py, DiTBlock. The plain level: scalar loads, no channel kept in registers.
/// Pair     the CPU form of the same op is ResidualNorm.Cpu.cs.
/// </remarks>
public static unsafe class ResidualNormCuda
{
    /// <summary>Threads per block: at 1152 channels nine channels per thread.</summary>
    public const int ThreadsPerBlock = 128;

    private const int Warps = ThreadsPerBlock / 32;

    /// <summary>The kernel itself, for <see cref="PtxCompiler"/>.</summary>
    public static MethodInfo Method { get; } = new KernelSignature(GatedResidualNorm).Method;

    private delegate void KernelSignature(
        ulong x, ulong branch, ulong gate, ulong scale, ulong shift, ulong xOut, ulong y, long modulationStride, int channels, float eps);

    /// <summary>Compiles the kernel and loads it into the current context.</summary>
    /// <exception cref="CudaException">The driver refuses it.</exception>
    public static CudaKernel Load(ICudaDriver driver, PtxCompiler compiler, PtxTarget target) =>
        new(driver, compiler.Compile(Method, ThreadsPerBlock, target));

    /// <summary>Enqueues the op. Allocates nothing.</summary>
    /// <param name="kernel">What <see cref="Load"/> returned.</param>
    /// <param name="stream">The stream.</param>
    /// <param name="arguments">Addresses and shape.</param>
    /// <exception cref="ArgumentException">The shape breaks a rule; the message names both sides.</exception>
    public static void Enqueue(CudaKernel kernel, CUstream stream, in ResidualNormLaunch arguments)
    {
        arguments.Validate();
        KernelParameters parameters = new(stackalloc byte[128]);
        parameters.Add(arguments.X);
        parameters.Add(arguments.Branch);
        parameters.Add(arguments.Gate);
        parameters.Add(arguments.Scale);
        parameters.Add(arguments.Shift);
        parameters.Add(arguments.XOut);
        parameters.Add(arguments.Y);
        parameters.Add(arguments.ModulationStride);
        parameters.Add(arguments.Channels);
        parameters.Add(arguments.Eps);
        kernel.Launch(stream, new LaunchSize(arguments.Tokens, arguments.Batch), new LaunchSize(ThreadsPerBlock), 0, parameters.Packed);
    }

    /// <summary>The kernel: block (t, b) computes token t of row b. Public for compilers and tests; programs call <see cref="Enqueue"/>.</summary>
    public static void GatedResidualNorm(
        ulong x, ulong branch, ulong gate, ulong scale, ulong shift, ulong xOut, ulong y, long modulationStride, int channels, float eps)
    {
        ArrayView<float> warpSums = SharedMemory.Allocate<float>(Warps);
        ArrayView<float> statistics = SharedMemory.Allocate<float>(2); // μ, r

        long row = (((long)Grid.IdxY * Grid.DimX) + Grid.IdxX) * channels;
        long modulationRow = Grid.IdxY * modulationStride;
        float* xRow = (float*)x + row;
        float* branchRow = (float*)branch + row;
        float* xOutRow = (float*)xOut + row;
        float* yRow = (float*)y + row;
        float* gateRow = (float*)gate + modulationRow;
        float* scaleRow = (float*)scale + modulationRow;
        float* shiftRow = (float*)shift + modulationRow;

        float sum = 0;
        for (int c = Group.IdxX; c < channels; c += ThreadsPerBlock)
        {
            float added = branchRow[c];
            if (gate != 0)
            {
                added *= gateRow[c];
            }

            float value = xRow[c] + added;
            xOutRow[c] = value;
            sum += value;
        }

        SumWarps(sum, warpSums);

        // One thread divides and the others read the result: left to itself the compiler repeats the division for every channel.
        if (Group.IdxX == 0)
        {
            statistics[0] = Total(warpSums) / channels;
        }

        Group.Barrier();
        float mean = statistics[0];

        float squares = 0;
        for (int c = Group.IdxX; c < channels; c += ThreadsPerBlock)
        {
            float deviation = xOutRow[c] - mean; // written by this very thread
            squares += deviation * deviation;
        }

        SumWarps(squares, warpSums);
        if (Group.IdxX == 0)
        {
            statistics[1] = 1f / MathF.Sqrt((Total(warpSums) / channels) + eps);
        }

        Group.Barrier();
        float reciprocal = statistics[1];

        for (int c = Group.IdxX; c < channels; c += ThreadsPerBlock)
        {
            float normed = (xOutRow[c] - mean) * reciprocal;
            yRow[c] = (normed * (1f + scaleRow[c])) + shiftRow[c];
        }
    }

    // Leaves the sum of each warp in sums; returns after the barrier that makes them visible.
    private static void SumWarps(float value, ArrayView<float> sums)
    {
        value += Warp.ShuffleXor(value, 16);
        value += Warp.ShuffleXor(value, 8);
        value += Warp.ShuffleXor(value, 4);
        value += Warp.ShuffleXor(value, 2);
        value += Warp.ShuffleXor(value, 1);
        if (Warp.LaneIdx == 0)
        {
            sums[Group.IdxX / 32] = value;
        }

        Group.Barrier();
    }

    // One term per warp.
    private static float Total(ArrayView<float> sums) => (sums[0] + sums[1]) + (sums[2] + sums[3]);
}

/// <summary>Operands of <see cref="ResidualNormCuda.Enqueue"/>; shapes and aliasing are stated there.</summary>
/// <param name="X">[B,T,C] f32.</param>
/// <param name="Branch">[B,T,C] f32: a branch output before its gate.</param>
/// <param name="Gate">[B,C] f32; address 0 means a gate of 1.</param>
/// <param name="Scale">[B,C] f32.</param>
/// <param name="Shift">[B,C] f32.</param>
/// <param name="XOut">[B,T,C] f32, written; may be <paramref name="X"/>.</param>
/// <param name="Y">[B,T,C] f32, written.</param>
/// <param name="ModulationStride">Elements from one row of gate, scale and shift to the next; 0 gives every image the same row.</param>
/// <param name="Batch">B, rows after guidance doubling.</param>
/// <param name="Tokens">T.</param>
/// <param name="Channels">C.</param>
/// <param name="Eps">Added to the variance; DiT has 1e-6.</param>
public readonly record struct ResidualNormLaunch(
    CUdeviceptr X,
    CUdeviceptr Branch,
    CUdeviceptr Gate,
    CUdeviceptr Scale,
    CUdeviceptr Shift,
    CUdeviceptr XOut,
    CUdeviceptr Y,
    long ModulationStride,
    int Batch,
    int Tokens,
    int Channels,
    float Eps)
{
    internal void Validate()
    {
        if (Batch is < 1 or > 65535 || Tokens < 1 || Channels < 1)
        {
            throw new ArgumentException($"ResidualNorm: x [{Batch},{Tokens},{Channels}] (each extent must be at least 1, B at most 65535)");
        }

        if (ModulationStride != 0 && ModulationStride < Channels)
        {
            throw new ArgumentException($"ResidualNorm: rows of scale are {ModulationStride} apart and {Channels} long (they must not overlap)");
        }

        if (Y == X || Y == XOut)
        {
            throw new ArgumentException("ResidualNorm: y is written over x (it must be another tensor)");
        }
    }
}
