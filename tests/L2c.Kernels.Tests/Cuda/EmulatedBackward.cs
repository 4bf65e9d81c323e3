using L2c.Emulation;
using L2c.Kernels.Cuda;
using L2c.Native;
using L2c.Testing;

namespace L2c.Kernels.Tests.Cuda;

/// <summary>Runs the PTX of a kernel of attention's gradient, as it is or with a planted fault, through the emulator.</summary>
internal sealed class EmulatedBackward(KernelTemplate kernel)
{
    private const int Tokens = 40;
    private const int Width = 5;
    private static readonly PtxCompiler _compiler = new();

    /// <summary>Runs one head in fp32 on numbers of no meaning.</summary>
    /// <param name="fault">Changes the kernel's text.</param>
    public unsafe void Run(Func<string, string> fault)
    {
        PtxKernel code = _compiler.Compile(kernel.For(DType.F32), kernel.Threads, PtxTarget.Sm80);
        PtxEntry entry = PtxModule.Parse(fault(code.Text)).Entry(code.EntryName);
        using DeviceMemory memory = new();
        bool ofQueries = kernel == AttentionBackwardKernel.ForQueries;
        KernelParameters parameters = new(new byte[64]);
        parameters.Add(Fill(memory, 3 * Tokens * Width));
        parameters.Add(Fill(memory, Tokens * Width));
        parameters.Add(Fill(memory, 3 * Tokens * Width));
        parameters.Add(Fill(memory, AttentionBackwardKernel.Statistics * Tokens));
        parameters.Add(Tokens);
        parameters.Add(Width);
        parameters.Add(Width);
        parameters.Add(1f);
        parameters.Add(1f);
        int shared = ofQueries ? AttentionBackwardKernel.QueryBytes(Width) : AttentionBackwardKernel.KeyBytes(Width);
        const uint Blocks = (Tokens + AttentionBackwardKernel.RowsPerBlock - 1) / AttentionBackwardKernel.RowsPerBlock;
        PtxMachine.Run(entry, new LaunchDimensions(Blocks, 1, 1, (uint)kernel.Threads, 1, 1, (uint)shared), parameters.Packed.ToArray(), memory);
    }

    private static unsafe CUdeviceptr Fill(DeviceMemory memory, int count)
    {
        ulong address = memory.Allocate(count * sizeof(float));
        HostConversion.FromFloats(DType.F32, RandomData.Normal(seed: 183, count), memory.WriteRange(address, count * sizeof(float)));
        return new CUdeviceptr(address);
    }
}
