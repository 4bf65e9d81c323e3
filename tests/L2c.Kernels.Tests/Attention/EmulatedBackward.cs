using L2c.Emulation;
using L2c.Kernels.Cuda;
using L2c.Native;
using L2c.Testing;

namespace L2c.Kernels.Tests;

/// <summary>Runs the PTX of a kernel of attention's gradient, as it is or with a planted fault, through the emulator.</summary>
internal sealed class EmulatedBackward
{
    private const int Tokens = 70;
    private const int PlainWidth = 5;
    private readonly KernelTemplate _kernel;
    private readonly PtxKernel _code;
    private readonly int? _flashWidth;

    /// <param name="kernel">One of the kernels.</param>
    /// <param name="flashWidth">Width of the head where the kernel is a flash form, which is run in fp16; null for a plain form, run in fp32.</param>
    public EmulatedBackward(KernelTemplate kernel, int? flashWidth)
    {
        (_kernel, _flashWidth) = (kernel, flashWidth);
        _code = new PtxCompiler().Compile(kernel.For(Type), kernel.Threads, PtxTarget.Sm80);
    }

    /// <summary>The kernel's PTX.</summary>
    public string Text => _code.Text;

    private DType Type => _flashWidth is null ? DType.F32 : DType.F16;

    /// <summary>Runs one head on numbers of no meaning.</summary>
    /// <param name="text">The kernel's PTX, perhaps changed.</param>
    public void Run(string text)
    {
        PtxEntry entry = PtxModule.Parse(text).Entry(_code.EntryName);
        using DeviceMemory memory = new();
        int width = _flashWidth ?? PlainWidth;
        KernelParameters parameters = new(new byte[64]);
        parameters.Add(Fill(memory, Type, 3 * Tokens * width));
        parameters.Add(Fill(memory, Type, Tokens * width));
        parameters.Add(Fill(memory, Type, 3 * Tokens * width));
        parameters.Add(Fill(memory, DType.F32, AttentionBackwardKernel.Statistics * Tokens));
        parameters.Add(Tokens);
        parameters.Add(width);
        if (_flashWidth is null)
        {
            parameters.Add(width);
        }

        parameters.Add(1f);
        parameters.Add(1f);
        int rows = _flashWidth is null ? AttentionBackwardKernel.RowsPerBlock : FlashBackwardKernel.RowsPerBlock;
        int shared = _flashWidth is not null ? FlashAttentionKernel.SharedBytes(width)
            : _kernel == AttentionBackwardKernel.ForQueries ? AttentionBackwardKernel.QueryBytes(width)
            : AttentionBackwardKernel.KeyBytes(width);
        uint blocks = (uint)((Tokens + rows - 1) / rows);
        LaunchDimensions dimensions = new(blocks, 1, 1, (uint)_kernel.Threads, 1, 1, (uint)shared);
        PtxMachine.Run(entry, dimensions, parameters.Packed.ToArray(), memory);
    }

    private static unsafe CUdeviceptr Fill(DeviceMemory memory, DType type, int count)
    {
        ulong address = memory.Allocate(count * type.Size());
        HostConversion.FromFloats(type, RandomData.Normal(seed: 183, count), memory.WriteRange(address, count * type.Size()));
        return new CUdeviceptr(address);
    }
}
