using System.Text;

namespace L2c.Emulation.Tests.Machine;

/// <summary>Programs of random jumps, loops into loops and all: 32 threads of one warp compute what 32 threads alone compute.</summary>
public class RandomControlFlowTests
{
    private const int Places = 9;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void Warp_computes_what_its_threads_compute_alone(int seed)
    {
        Random random = new(seed);
        for (int program = 0; program < 8; program++)
        {
            string module = Module(random);
            uint[] together = Run(module, 32, 0);
            uint[] alone = [.. Enumerable.Range(0, 32).Select(thread => Run(module, 1, thread)[0])];
            Assert.Equal(alone, together);
            Assert.True(alone.Distinct().Count() > 4, "the threads went the same way");
        }
    }

    // Every place mixes the state and jumps where two of its bits say, until 30 steps are done.
    private static string Module(Random random)
    {
        StringBuilder body = new("""
            .reg .b32 %x, %steps, %bit, %first; .reg .b64 %out, %at; .reg .pred %p;
            ld.param.u64 %out, [out]; ld.param.u64 %at, [first]; cvt.u32.u64 %first, %at;
            mov.u32 %x, %tid.x; mul.wide.u32 %at, %x, 4; add.u64 %out, %out, %at; add.u32 %x, %x, %first;
            mul.lo.u32 %x, %x, 0x9E3779B1; mov.b32 %steps, 0;

            """);
        for (int place = 0; place < Places; place++)
        {
            int target = random.Next(Places);
            body.Append($"P{place}: mad.lo.u32 %x, %x, {(random.Next() & 0xFFFFFF) | 1}, {random.Next(1 << 20)}; shr.u32 %bit, %x, {random.Next(8, 24)};");
            body.AppendLine("xor.b32 %x, %x, %bit; add.u32 %steps, %steps, 1; setp.gt.u32 %p, %steps, 30; @%p bra END;");
            body.AppendLine($"and.b32 %bit, %x, {1 << random.Next(6)}; setp.ne.u32 %p, %bit, 0; @{(random.Next(2) == 0 ? "!" : "")}%p bra P{target};");
            if (random.Next(3) == 0)
            {
                body.AppendLine($"bra P{random.Next(Places)};");
            }
            else if (random.Next(4) == 0)
            {
                body.AppendLine("and.b32 %bit, %x, 192; setp.eq.u32 %p, %bit, 64; @%p st.global.b32 [%out], %x; @%p exit;");
            }
        }

        body.AppendLine("END: st.global.b32 [%out], %x;");
        return Snippet.Module("(.param .u64 out, .param .u64 first)", body.ToString());
    }

    private static unsafe uint[] Run(string module, int threads, int first)
    {
        using DeviceMemory memory = new();
        ulong output = memory.Allocate(threads * 4);
        Snippet.Launch(module, threads, memory, output, (ulong)first);
        return new ReadOnlySpan<uint>(memory.ReadRange(output, threads * 4), threads).ToArray();
    }
}
