using System.Runtime.InteropServices;

namespace L2c.Emulation.Tests.Machine;

/// <summary>Loads, stores, address spaces and their faults.</summary>
public class MemoryTests
{
    [Theory]
    [InlineData("b8", 16, 0x00F1u)]
    [InlineData("u8", 32, 0x000000F1u)]
    [InlineData("s8", 16, 0xFFF1u)]
    [InlineData("s8", 32, 0xFFFFFFF1u)]
    [InlineData("b16", 16, 0xF2F1u)]
    [InlineData("u16", 32, 0x0000F2F1u)]
    [InlineData("s16", 32, 0xFFFFF2F1u)]
    [InlineData("b32", 32, 0xF4F3F2F1u)]
    [InlineData("f32", 32, 0xF4F3F2F1u)]
    [InlineData("u32", 64, 0xF4F3F2F1ul)]
    [InlineData("s32", 64, 0xFFFFFFFFF4F3F2F1ul)]
    [InlineData("s8", 64, 0xFFFFFFFFFFFFFFF1ul)]
    [InlineData("b64", 64, 0xF8F7F6F5F4F3F2F1ul)]
    [InlineData("f64", 64, 0xF8F7F6F5F4F3F2F1ul)]
    public void Load_extends_to_the_register(string type, int width, ulong expected)
    {
        foreach (string space in new[] { "local", "shared" })
        {
            string code = $".{space} .align 8 .b8 buffer[{8 * 32}]; .reg .b64 %a; .reg .b32 %offset; mov.b64 %a, buffer; "
                + (space == "shared" ? "mul.lo.u32 %offset, %thread, 8; cvt.u64.u32 %at, %offset; add.u64 %a, %a, %at; " : "")
                + $"st.{space}.b64 [%a], %x0; ld.{space}.{type} %d, [%a];";
            Assert.Equal([expected, expected], Snippet.Run(code, [64], width, [[0xF8F7F6F5F4F3F2F1], [0xF8F7F6F5F4F3F2F1]]));
        }
    }

    [Theory]
    [InlineData("v2.b8", 16)]
    [InlineData("v4.b8", 16)]
    [InlineData("v2.u16", 32)]
    [InlineData("v4.b16", 16)]
    [InlineData("v2.b32", 32)]
    [InlineData("v4.f32", 32)]
    [InlineData("v2.b64", 64)]
    [InlineData("v2.f64", 64)]
    public unsafe void Vectors_are_one_access(string form, int width)
    {
        int count = form[1] - '0';
        int bytes = int.Parse(form.AsSpan(form.IndexOf('.') + 2)) / 8 * count;
        using DeviceMemory memory = new();
        ulong input = memory.Allocate(64);
        ulong output = memory.Allocate(64);
        Span<byte> data = new(memory.WriteRange(input, 64), 64);
        for (int i = 0; i < 64; i++)
        {
            data[i] = (byte)(i + 3);
        }

        string names = string.Join(",", Enumerable.Range(0, count).Select(i => $"%v{i}"));
        Snippet.Launch(
            Snippet.Module(
                "(.param .u64 in, .param .u64 out)",
                $".reg .b{width} %v<4>; .reg .b64 %in, %out; ld.param.u64 %in, [in]; ld.param.u64 %out, [out];"
                + $"ld.global.nc.L1::no_allocate.{form} {{{names}}}, [%in+{bytes}]; st.global.{form} [%out], {{{names}}};"),
            1,
            memory,
            input,
            output);
        Assert.Equal(data.Slice(bytes, bytes).ToArray(), new ReadOnlySpan<byte>(memory.ReadRange(output, bytes), bytes).ToArray());
    }

    [Fact]
    public void Generic_addresses_reach_every_space()
    {
        const string Code = """
            .shared .align 8 .b8 s[256]; .local .align 8 .b8 l[16]; .reg .b64 %s, %g, %l, %o; .reg .b32 %v, %w;
            mov.u64 %s, s; add.u64 %s, %s, %at; cvta.shared.u64 %g, %s; st.b32 [%g], %t; ld.shared.b32 %v, [%s];
            cvta.to.shared.u64 %o, %g; ld.shared.b32 %w, [%o]; add.u32 %v, %v, %w;
            mov.u64 %l, l; cvta.local.u64 %g, %l; st.b32 [%g+4], %v; ld.local.b32 %w, [l+4]; cvta.to.local.u64 %o, %g; ld.local.b32 %v, [%o+4];
            add.u32 %w, %w, %v; cvta.to.global.u64 %out, %out; st.b32 [%out], %w; ld.global.b32 %v, [%out]; st.global.b32 [%out], %v;
            """;
        Assert.Equal(Enumerable.Range(0, 32).Select(t => (uint)(4 * t)), Snippet.Values(Code));
    }

    [Fact]
    public void Static_and_dynamic_shared_memory_do_not_overlap()
    {
        const string Before = ".extern .shared .align 16 .b8 dynamic[];";
        const string Code = """
            .shared .align 4 .b8 first[20]; .shared .align 8 .b8 second[8]; .reg .b32 %a, %b, %c, %n;
            mov.b32 %a, first; mov.b32 %b, second; mov.b32 %c, dynamic; sub.u32 %b, %b, %a; sub.u32 %c, %c, %a; shl.b32 %c, %c, 16; or.b32 %b, %b, %c;
            mov.u32 %n, %dynamic_smem_size; shl.b32 %n, %n, 8; or.b32 %b, %b, %n; st.global.b32 [%out], %b;
            """;
        Assert.Equal(24u | (32u << 16), Snippet.Values(Code, 1, Before)[0]);
        using DeviceMemory memory = new();
        const string Access = ".reg .b32 %v; .shared .b8 s[4]; st.shared.b32 [dynamic+60], 7; ld.shared.b32 %v, [dynamic+60];";
        PtxEntry entry = PtxModule.Parse(Snippet.Module("()", Access, Before)).Entries[0];
        Assert.Equal(4, entry.StaticSharedBytes);
        PtxMachine.Run(entry, new LaunchDimensions(1, 1, 1, 1, 1, 1, 64), [], memory);
        DeviceFault fault = Assert.Throws<DeviceFault>(() => PtxMachine.Run(entry, new LaunchDimensions(1, 1, 1, 1, 1, 1, 60), [], memory));
        Assert.Equal(FaultKind.OutOfBounds, fault.Kind);
    }

    [Theory]
    [InlineData("st.shared.b32 [s+16], 1;", FaultKind.OutOfBounds)]
    [InlineData("st.shared.b64 [s+12], 1;", FaultKind.OutOfBounds)]
    [InlineData("st.shared.b32 [s+2], 1;", FaultKind.Misaligned)]
    [InlineData("st.shared.v2.b32 [s+4], {%v,%v};", FaultKind.Misaligned)]
    [InlineData("st.shared.b32 [0], 1;", FaultKind.OutOfBounds)]
    [InlineData("ld.shared.b32 %v, [s];", FaultKind.Uninitialised)]
    [InlineData("st.shared.b16 [s], 1; ld.shared.b32 %v, [s];", FaultKind.Uninitialised)]
    [InlineData("st.local.b32 [l+8], 1;", FaultKind.OutOfBounds)]
    [InlineData("st.local.b32 [l+1], 1;", FaultKind.Misaligned)]
    [InlineData("ld.local.b32 %v, [l+4];", FaultKind.Uninitialised)]
    [InlineData("ld.global.b32 %v, [%a];", FaultKind.OutOfBounds)]
    [InlineData("st.b32 [%a+64], %v;", FaultKind.OutOfBounds)]
    public void Bad_access_faults(string access, FaultKind kind)
    {
        DeviceFault fault = Snippet.Fault(
            $".shared .align 16 .b8 s[16]; .local .align 8 .b8 l[8]; .reg .b32 %v; .reg .b64 %a; mov.b64 %a, 4096; mov.b32 %v, 1;\n{access}", 1);
        Assert.Equal(kind, fault.Kind);
        Assert.Equal(("k", 8, "block (0,0,0) thread (0,0,0)"), (fault.Kernel, fault.Line, fault.Thread));
    }

    [Theory]
    [InlineData("st.global.b32 [%a+16], %v;", FaultKind.OutOfBounds)]
    [InlineData("st.global.v4.b32 [%a+4], {%v,%v,%v,%v};", FaultKind.Misaligned)]
    [InlineData("ld.global.b32 %v, [%a+8];", FaultKind.Uninitialised)]
    public void Bad_access_to_global_memory_names_the_thread(string access, FaultKind kind)
    {
        using DeviceMemory memory = new();
        ulong buffer = memory.Allocate(16);
        string module = Snippet.Module("(.param .u64 p)", $"""
            .reg .b32 %v; .reg .b64 %a; .reg .pred %p; ld.param.u64 %a, [p]; mov.u32 %v, %tid.x; setp.eq.u32 %p, %v, 37;
            @%p {access}
            """);
        DeviceFault fault = Assert.Throws<DeviceFault>(() => Snippet.Launch(module, 64, memory, buffer));
        Assert.Equal((kind, "k", 8, "block (0,0,0) thread (37,0,0)"), (fault.Kind, fault.Kernel, fault.Line, fault.Thread));
    }

    [Fact]
    public void Parameters_are_packed_by_their_own_alignment()
    {
        using DeviceMemory memory = new();
        ulong output = memory.Allocate(16);
        PtxEntry entry = PtxModule.Parse(Snippet.Module("(.param .b32 a, .param .b64 out, .param .f32 b)", """
            .reg .b32 %a; .reg .f32 %b; .reg .b64 %out; ld.param.b32 %a, [a]; ld.param.b64 %out, [out]; ld.param.f32 %b, [b];
            st.global.b32 [%out], %a; st.global.f32 [%out+4], %b;
            """)).Entries[0];
        Assert.Equal(20, entry.ParameterBytes);
        byte[] packed = new byte[20];
        MemoryMarshal.Write(packed, 5);
        MemoryMarshal.Write(packed.AsSpan(8), output);
        MemoryMarshal.Write(packed.AsSpan(16), 2.5f);
        LaunchDimensions one = new(1, 1, 1, 1, 1, 1, 0);
        PtxMachine.Run(entry, one, packed, memory);
        unsafe
        {
            Assert.Equal((5, 2.5f), (*(int*)memory.Read(output, 4), *(float*)memory.Read(output + 4, 4)));
        }

        Assert.Throws<ArgumentException>(() => PtxMachine.Run(entry, one, packed.AsSpan(0, 16), memory));
        Assert.Throws<ArgumentException>(() => PtxMachine.Run(entry, one with { BlockX = 1025 }, packed, memory));
    }

    [Fact]
    public void Registers_fall_into_parts_and_join()
    {
        Assert.Equal([0x5566778811223344u], Snippet.Run(
            ".reg .b32 %l, %h; mov.b64 {%l, %h}, %x0; mov.b64 %d, {%h, %l};", [64], 64, [[0x1122334455667788]]));
        Assert.Equal([0x7788556633441122u], Snippet.Run(
            ".reg .b16 %v<4>; mov.b64 {%v0, %v1, %v2, %v3}, %x0; mov.b64 %d, {%v3, %v2, %v1, %v0};", [64], 64, [[0x1122334455667788]]));
        Assert.Equal([0x55665566u], Snippet.Run(".reg .b16 %h; mov.b32 {_, %h}, %x0; mov.b32 %d, {%h, %h};", [32], 32, [[0x55667788]]));
    }

    [Theory]
    [InlineData("mov.b32 %d, 0x1F;", 0x1Fu)]
    [InlineData("mov.b32 %d, -1;", 0xFFFFFFFFu)]
    [InlineData("mov.b32 %d, 017;", 15u)]
    [InlineData("mov.b32 %d, 0b101;", 5u)]
    [InlineData("mov.b32 %d, 4294967295U;", 0xFFFFFFFFu)]
    [InlineData("mov.f32 %d, 0f3F800001;", 0x3F800001u)]
    [InlineData("mov.f32 %d, 1.5;", 0x3FC00000u)]
    [InlineData("mov.f32 %d, -2.5e-1;", 0xBE800000u)]
    [InlineData("mov.f32 %d, 0d3FF8000000000000;", 0x3FC00000u)]
    [InlineData("add.f32 %d, %x0, 0f3F800000;", 0x40000000u)]
    public void Literals(string code, uint expected) => Assert.Equal([expected], Snippet.Run(code, [32], 32, [[0x3F800000]]));
}
