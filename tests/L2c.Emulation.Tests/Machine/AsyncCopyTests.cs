namespace L2c.Emulation.Tests.Machine;

/// <summary>cp.async: what arrives, and when it may be relied on.</summary>
public class AsyncCopyTests
{
    // %s: 16 bytes of shared memory of the thread's own; %n: those of the next thread; %g: 16 bytes of global memory, bytes 1 to 16.
    private const string Setup = """
        .shared .align 16 .b8 s[2048]; .reg .b32 %thread, %s, %n, %v, %size; .reg .b64 %g; .reg .pred %p; ld.param.u64 %g, [in];
        mov.u32 %thread, %tid.x; shl.b32 %s, %thread, 4; xor.b32 %n, %s, 16; mov.b32 %v, s; add.u32 %s, %s, %v; add.u32 %n, %n, %v;
        mov.b32 %size, 6; setp.eq.u32 %p, %thread, 0;

        """;

    [Theory]
    [InlineData("cp.async.cg.shared.global [%s], [%g], 16;", 16)]
    [InlineData("cp.async.cg.shared.global.L2::128B [%s], [%g], 16;", 16)]
    [InlineData("cp.async.ca.shared.global [%s], [%g], 16, 8;", 8)]
    [InlineData("cp.async.ca.shared.global [%s], [%g], 16, %size;", 6)]
    [InlineData("cp.async.cg.shared.global [%s], [%g], 16, 0;", 0)]
    [InlineData("cp.async.cg.shared.global [%s], [%g], 16, %p;", 0)]
    [InlineData("cp.async.cg.shared.global [%s], [%g], 16, !%p;", 16)]
    [InlineData("cp.async.ca.shared.global [%s], [%g], 8; cp.async.ca.shared.global [%s+8], [%g+8], 4;", 12)]
    public unsafe void Copy_fills_what_is_not_present_with_zeros(string copies, int present)
    {
        using DeviceMemory memory = new();
        ulong output = memory.Allocate(16);
        const string Store = "cp.async.wait_all; ld.shared.b64 %a, [%s]; ld.shared.b64 %b, [%s+8]; @%p st.global.v2.b64 [%out], {%a, %b};";
        Run(memory, output, $"st.shared.b32 [%s+12], 0; {copies} {Store}");
        byte[] expected = [.. Enumerable.Range(1, 16).Select(i => (byte)(i <= present ? i : 0))];
        Assert.Equal(expected, new ReadOnlySpan<byte>(memory.ReadRange(output, 16), 16).ToArray());
    }

    [Fact]
    public void Nothing_is_read_where_nothing_is_present()
    {
        using DeviceMemory memory = new();
        Run(memory, memory.Allocate(16), "mov.b64 %g, 16; cp.async.cg.shared.global [%s], [%g], 16, 0; cp.async.wait_all;");
    }

    [Theory]
    [InlineData("ld.shared.b32 %v, [%s];")] // no wait
    [InlineData("cp.async.commit_group; ld.shared.b32 %v, [%s];")]
    [InlineData("cp.async.wait_group 0; ld.shared.b32 %v, [%s];")] // not committed
    [InlineData("cp.async.commit_group; cp.async.wait_group 1; ld.shared.b32 %v, [%s];")] // the latest may be under way
    [InlineData("bar.sync 0; ld.shared.b32 %v, [%s];")] // a barrier does not wait
    [InlineData("cp.async.wait_all; ld.shared.b32 %v, [%n];")] // another thread's, without a barrier
    [InlineData("bar.sync 0; cp.async.wait_all; ld.shared.b32 %v, [%n];")] // the barrier came too early
    [InlineData("st.shared.b32 [%s], %v;")] // overwrites what may come later
    [InlineData("cp.async.cg.shared.global [%s], [%g], 16;")] // two copies to one place
    public void Access_before_arrival_is_a_race(string code)
    {
        using DeviceMemory memory = new();
        DeviceFault fault = Assert.Throws<DeviceFault>(
            () => Run(memory, memory.Allocate(16), $"cp.async.cg.shared.global [%s], [%g], 16; {code}"));
        Assert.Equal(FaultKind.SharedRace, fault.Kind);
    }

    [Theory]
    [InlineData("cp.async.wait_all; ld.shared.b32 %v, [%s];")]
    [InlineData("cp.async.commit_group; cp.async.wait_group 0; ld.shared.b32 %v, [%s];")]
    [InlineData("cp.async.commit_group; cp.async.cg.shared.global [%s+1024], [%g], 16; cp.async.commit_group; cp.async.wait_group 1; "
        + "ld.shared.b32 %v, [%s];")]
    [InlineData("cp.async.commit_group; cp.async.commit_group; cp.async.wait_group 1; ld.shared.b32 %v, [%s];")] // an empty group counts
    [InlineData("cp.async.wait_all; bar.sync 0; ld.shared.b32 %v, [%n];")]
    [InlineData("cp.async.wait_all; bar.warp.sync -1; ld.shared.b32 %v, [%n];")]
    public void Access_after_arrival_is_none(string code)
    {
        using DeviceMemory memory = new();
        Run(memory, memory.Allocate(16), $"cp.async.cg.shared.global [%s], [%g], 16; {code}");
    }

    [Fact]
    public void Copy_over_what_others_still_read_is_a_race()
    {
        using DeviceMemory memory = new();
        const string Code = "st.shared.v4.b32 [%s], {%v,%v,%v,%v}; bar.sync 0; ld.shared.b32 %v, [%n]; {0} cp.async.cg.shared.global [%s], [%g], 16;";
        Run(memory, memory.Allocate(16), Code.Replace("{0}", "bar.sync 0;"));
        Assert.Equal(
            FaultKind.SharedRace, Assert.Throws<DeviceFault>(() => Run(memory, memory.Allocate(16), Code.Replace("{0}", ""))).Kind);
    }

    [Theory]
    [InlineData("cp.async.cg.shared.global [%s], [%g+4], 16;", FaultKind.Misaligned)]
    [InlineData("cp.async.ca.shared.global [%s+4], [%g], 8;", FaultKind.Misaligned)]
    [InlineData("cp.async.cg.shared.global [%s], [%g+16], 16;", FaultKind.OutOfBounds)]
    [InlineData("cp.async.cg.shared.global [%s+2048], [%g], 16;", FaultKind.OutOfBounds)]
    [InlineData("cp.async.ca.shared.global [%s], [%g], 4, %size;", FaultKind.Failed)]
    public void Bad_copy_faults(string code, FaultKind kind)
    {
        using DeviceMemory memory = new();
        Assert.Equal(kind, Assert.Throws<DeviceFault>(() => Run(memory, memory.Allocate(16), code)).Kind);
    }

    private static unsafe void Run(DeviceMemory memory, ulong output, string code)
    {
        ulong input = memory.Allocate(16);
        byte* data = memory.WriteRange(input, 16);
        for (int i = 0; i < 16; i++)
        {
            data[i] = (byte)(i + 1);
        }

        string body = ".reg .b64 %out, %a, %b; ld.param.u64 %out, [out];\n" + Setup + code;
        Snippet.Launch(Snippet.Module("(.param .u64 in, .param .u64 out)", body), 64, memory, input, output);
    }
}
