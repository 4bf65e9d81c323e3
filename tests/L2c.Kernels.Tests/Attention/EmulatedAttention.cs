using L2c.Emulation;
using L2c.Kernels.Cuda;
using L2c.Native;

namespace L2c.Kernels.Tests;

/// <summary>Runs the PTX of an attention kernel, as it is or with a planted fault, through the emulator.</summary>
public sealed class EmulatedAttention
{
    private readonly PtxCompiler _compiler = new();

    private PtxKernel Flash(DType type, int headWidth) => Compile(FlashAttention.For(type, headWidth)!, type);

    private PtxKernel Plain(DType type) => Compile(PlainAttentionKernel.Template, type);

    /// <summary>y of the flash form.</summary>
    /// <param name="of">The case.</param>
    /// <param name="fault">Changes the kernel's text.</param>
    /// <param name="misalignment">Added to the address of qkv, in elements.</param>
    internal float[] RunFlash(AttentionCase of, Func<string, string>? fault = null, int misalignment = 0)
    {
        KernelParameters scale = new(new byte[4]);
        scale.Add(Scale(of));
        return Run(
            of,
            Flash(of.Type, of.Width),
            fault,
            misalignment,
            FlashAttentionKernel.QueryBlocks(of.Tokens),
            FlashAttentionKernel.SharedBytes(of.Width),
            scale.Packed);
    }

    /// <summary>y of the plain form.</summary>
    internal float[] RunPlain(AttentionCase of, Func<string, string>? fault = null)
    {
        KernelParameters last = new(new byte[8]);
        last.Add(of.Width);
        last.Add(Scale(of));
        int blocks = (of.Tokens + PlainAttentionKernel.QueriesPerBlock - 1) / PlainAttentionKernel.QueriesPerBlock;
        return Run(of, Plain(of.Type), fault, 0, blocks, PlainAttentionKernel.SharedBytes(of.Width), last.Packed);
    }

    private static float Scale(AttentionCase of) => (float)(Math.Log2(Math.E) / Math.Sqrt(of.Width));

    private static unsafe float[] Run(
        AttentionCase of,
        PtxKernel kernel,
        Func<string, string>? fault,
        int misalignment,
        int blocks,
        int sharedBytes,
        ReadOnlySpan<byte> lastParameters)
    {
        string text = fault is null ? kernel.Text : fault(kernel.Text);
        Assert.True(fault is null || text != kernel.Text, "the fault was not planted: the kernel's text has changed");
        PtxEntry entry = PtxModule.Parse(text).Entry(kernel.EntryName);
        using DeviceMemory memory = new();
        int size = of.Type.Size();
        float[] y = new float[of.Batch * of.Tokens * of.Channels];
        ulong qkvAddress = memory.Allocate((of.Qkv.Length + misalignment) * size) + (ulong)(misalignment * size);
        ulong yAddress = memory.Allocate(y.Length * size);
        HostConversion.FromFloats(of.Type, of.Qkv, memory.WriteRange(qkvAddress, of.Qkv.Length * size));

        KernelParameters parameters = new(new byte[64]);
        parameters.Add(new CUdeviceptr(qkvAddress));
        parameters.Add(new CUdeviceptr(yAddress));
        parameters.Add(of.Tokens);
        parameters.Add(of.Channels);
        LaunchDimensions dimensions = new((uint)blocks, (uint)of.Heads, (uint)of.Batch, (uint)kernel.ThreadsPerBlock, 1, 1, (uint)sharedBytes);
        PtxMachine.Run(entry, dimensions, [.. parameters.Packed, .. lastParameters], memory);
        HostConversion.ToFloats(of.Type, memory.ReadRange(yAddress, y.Length * size), y);
        return y;
    }

    private PtxKernel Compile(KernelTemplate kernel, DType type) => _compiler.Compile(kernel.For(type), kernel.Threads, PtxTarget.Sm80);
}
