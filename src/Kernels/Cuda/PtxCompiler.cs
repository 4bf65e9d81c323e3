using System.Collections.Concurrent;
using System.Reflection;
using ILGPU;
using ILGPU.Backends.EntryPoints;
using ILGPU.Backends.PTX;
using ILGPU.Runtime;

namespace L2c.Kernels.Cuda;

/// <summary>C# kernels to PTX. ILGPU is the compiler and nothing else: no accelerator, no CUDA library, no GPU is touched.</summary>
/// <remarks>
/// A kernel is a static method that reads its own block and thread from ILGPU's <c>Grid</c> and <c>Group</c>. Its parameters are raw device addresses
/// (<c>ulong</c>), scalars and structures of both; an address is device memory, never shared or local. Results are kept for the lifetime of the compiler, and on disk
/// where a cache is given: then ILGPU starts only for a kernel that is not there. Thread-safe. Source: docs/cuda.md, "ILGPU compiles".
/// </remarks>
/// <param name="cache">Where compiled text outlives the process; null for nowhere.</param>
public sealed class PtxCompiler(PtxCache? cache = null)
{
    private readonly ConcurrentDictionary<(MethodInfo Kernel, PtxTarget Target, int MinBlocks), Lazy<PtxKernel>> _kernels = [];

    /// <summary>Compiles a kernel, or returns it when it has been compiled before.</summary>
    /// <param name="kernel">A static method returning nothing; see the class.</param>
    /// <param name="threadsPerBlock">Largest block it will be launched with; one kernel has one value.</param>
    /// <param name="target">What to compile for.</param>
    /// <param name="minBlocks">Blocks that a multiprocessor must have registers for; 0 leaves it to the assembler.</param>
    /// <exception cref="ArgumentException">The method or a parameter is not of the kind that a kernel may have, or the kernel was compiled for
    /// another block size.</exception>
    public PtxKernel Compile(MethodInfo kernel, int threadsPerBlock, PtxTarget target, int minBlocks = 0)
    {
        PtxKernel compiled = _kernels.GetOrAdd(
            (kernel, target, minBlocks), _ => new Lazy<PtxKernel>(() => CompileNew(kernel, threadsPerBlock, target, minBlocks))).Value;
        return compiled.ThreadsPerBlock == threadsPerBlock
            ? compiled
            : throw new ArgumentException(
                $"{kernel.Name}: compiled for blocks of {compiled.ThreadsPerBlock} threads, now {threadsPerBlock}", nameof(threadsPerBlock));
    }

    private PtxKernel CompileNew(MethodInfo kernel, int threadsPerBlock, PtxTarget target, int minBlocks)
    {
        if (!kernel.IsStatic || kernel.ReturnType != typeof(void))
        {
            throw new ArgumentException($"{kernel.Name}: a kernel is a static method that returns nothing", nameof(kernel));
        }

        int parameterBytes = KernelParameters.Layout(kernel);
        if (cache?.Read(kernel, threadsPerBlock, target, minBlocks) is { } known)
        {
            return new PtxKernel(known.EntryName, known.Text, target, threadsPerBlock, parameterBytes);
        }

        // A context of its own, which takes some 15 ms: the order of a kernel's instructions depends on what its context has compiled before, and
        // with it how many registers ptxas takes.
        using Context context = Context.Create(builder => builder
            .Optimize(OptimizationLevel.O2)
            .Inlining(InliningMode.Aggressive)
            .EnableAlgorithms());

        // The last argument is NVIDIA's libdevice, an optional library that these kernels do without; the signature forgets to say that it may be
        // null.
        using PTXBackend backend = new(context, target.Architecture, target.InstructionSet, null!);
        PTXCompiledKernel compiled = (PTXCompiledKernel)backend.Compile(
            EntryPointDescription.FromExplicitlyGroupedKernel(kernel), new KernelSpecialization(threadsPerBlock, minBlocks == 0 ? null : minBlocks));
        string text = PtxText.Finish(compiled.PTXAssembly, target);
        cache?.Write(kernel, threadsPerBlock, target, minBlocks, compiled.Name, text);
        return new PtxKernel(compiled.Name, text, target, threadsPerBlock, parameterBytes);
    }
}
