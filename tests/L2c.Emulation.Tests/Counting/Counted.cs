using System.Runtime.InteropServices;

namespace L2c.Emulation.Tests.Counting;

/// <summary>Counts kernels of a few lines.</summary>
internal static class Counted
{
    /// <summary>Counts a kernel whose <c>%t</c> is the thread's number, <c>%b</c> the block's and <c>%in</c>, <c>%out</c> are 64 KiB of written
    /// memory each.</summary>
    public static unsafe KernelCounts Run(
        string body, int threads = 32, LaunchDimensions? grid = null, CountedBlocks blocks = CountedBlocks.All, bool unique = false)
    {
        const int bytes = 64 << 10;
        using DeviceMemory memory = new();
        ulong[] addresses = [memory.Allocate(bytes), memory.Allocate(bytes)];
        Array.ForEach(addresses, address => new Span<byte>(memory.WriteRange(address, bytes), bytes).Fill(1));
        const string Prologue = ".reg .b32 %t, %b; .reg .b64 %in, %out; ld.param.u64 %in, [in]; ld.param.u64 %out, [out];"
            + "mov.u32 %t, %tid.x; mov.u32 %b, %ctaid.x;\n";
        PtxEntry entry = PtxModule.Parse(Snippet.Module("(.param .u64 in, .param .u64 out)", Prologue + body)).Entries[0];
        LaunchDimensions size = grid ?? new(1, 1, 1, (uint)threads, 1, 1, 0);
        return KernelCounter.Count(entry, size, MemoryMarshal.AsBytes(addresses.AsSpan()), memory, blocks, unique);
    }

    /// <summary>The one kind of request with these properties.</summary>
    public static MemoryCounts Of(KernelCounts counts, MemorySpace space, AccessKind kind) =>
        Assert.Single(counts.Memory, m => m.Space == space && m.Kind == kind);
}
