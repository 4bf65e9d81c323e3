using System.Text;

namespace L2c.Emulation.Tests;

/// <summary>Runs a few lines of PTX, one case per thread.</summary>
internal static class Snippet
{
    /// <summary>Runs instructions in as many threads as there are cases.</summary>
    /// <param name="code">Reads <c>%x0</c>, <c>%x1</c>, ... and writes <c>%d</c>.</param>
    /// <param name="widths">Bits of %x0, %x1, ...; 1 is a predicate.</param>
    /// <param name="resultWidth">Bits of %d.</param>
    /// <param name="cases">The operands of each thread.</param>
    /// <returns>%d of each thread.</returns>
    public static unsafe ulong[] Run(string code, int[] widths, int resultWidth, IReadOnlyList<ulong[]> cases)
    {
        using DeviceMemory memory = new();
        int threads = cases.Count;
        ulong input = memory.Allocate(Math.Max(widths.Length, 1) * threads * 8);
        ulong output = memory.Allocate(threads * 8);
        Span<ulong> values = new(memory.WriteRange(input, Math.Max(widths.Length, 1) * threads * 8), Math.Max(widths.Length, 1) * threads);
        for (int k = 0; k < widths.Length; k++)
        {
            for (int i = 0; i < threads; i++)
            {
                values[(k * threads) + i] = cases[i][k];
            }
        }

        Launch(Text(code, widths, resultWidth, threads), threads, memory, input, output);
        int bytes = resultWidth == 1 ? 4 : resultWidth / 8;
        ulong[] results = new ulong[threads];
        for (int i = 0; i < threads; i++)
        {
            ReadOnlySpan<byte> result = new(memory.ReadRange(output + (ulong)(i * 8), bytes), bytes);
            result.CopyTo(System.Runtime.InteropServices.MemoryMarshal.AsBytes(results.AsSpan(i, 1)));
        }

        return results;
    }

    /// <summary>The module that <see cref="Run"/> runs; every form in it is one that the vendor's assembler takes.</summary>
    public static string Text(string code, int[] widths, int resultWidth, int threads)
    {
        StringBuilder body = new();
        body.AppendLine(".reg .b32 %thread, %flag; .reg .b64 %at, %in, %out;");
        body.AppendLine("ld.param.u64 %in, [in]; ld.param.u64 %out, [out];");
        body.AppendLine("mov.u32 %thread, %tid.x; mul.wide.u32 %at, %thread, 8; add.u64 %in, %in, %at; add.u64 %out, %out, %at;");
        for (int k = 0; k < widths.Length; k++)
        {
            Declare(body, $"%x{k}", widths[k]);
            body.AppendLine(widths[k] == 1
                ? $"ld.global.b32 %flag, [%in+{k * threads * 8}]; setp.ne.u32 %x{k}, %flag, 0;"
                : $"ld.global.b{widths[k]} %x{k}, [%in+{k * threads * 8}];");
        }

        Declare(body, "%d", resultWidth);
        body.AppendLine(code);
        body.AppendLine(resultWidth == 1
            ? $"selp.b32 %flag, 1, 0, %d; st.global.b32 [%out], %flag;"
            : $"st.global.b{resultWidth} [%out], %d;");
        return Module("(.param .u64 in, .param .u64 out)", body.ToString());
    }

    /// <summary>A module with one entry, <c>k</c>.</summary>
    public static string Module(string parameters, string body, string before = "") =>
        $".version 8.4\n.target sm_90\n.address_size 64\n{before}\n.visible .entry k{parameters}\n{{\n{body}\nret;\n}}\n";

    /// <summary>Runs one block of a module whose entry takes addresses.</summary>
    public static unsafe void Launch(string module, int threads, DeviceMemory memory, params ulong[] addresses)
    {
        PtxEntry entry = PtxModule.Parse(module).Entries[0];
        LaunchDimensions size = new(1, 1, 1, (uint)threads, 1, 1, 0);
        PtxMachine.Run(entry, size, System.Runtime.InteropServices.MemoryMarshal.AsBytes(addresses.AsSpan()), memory);
    }

    /// <summary>Runs one block of a kernel without parameters and returns its fault.</summary>
    public static DeviceFault Fault(string body, int threads = 32, string before = "")
    {
        using DeviceMemory memory = new();
        return Assert.Throws<DeviceFault>(() => Launch(Module("()", body, before), threads, memory));
    }

    /// <summary>Runs one block of a kernel that leaves a 32-bit value per thread at <c>[%out]</c>.</summary>
    public static unsafe uint[] Values(string body, int threads = 32, string before = "")
    {
        using DeviceMemory memory = new();
        ulong output = memory.Allocate(threads * 4);
        const string Prologue = ".reg .b32 %t; .reg .b64 %at, %out; ld.param.u64 %out, [out]; mov.u32 %t, %tid.x; mul.wide.u32 %at, %t, 4; "
            + "add.u64 %out, %out, %at;\n";
        Launch(Module("(.param .u64 out)", Prologue + body, before), threads, memory, output);
        return new ReadOnlySpan<uint>(memory.ReadRange(output, threads * 4), threads).ToArray();
    }

    private static void Declare(StringBuilder body, string name, int width) =>
        body.AppendLine($".reg .{(width == 1 ? "pred" : $"b{width}")} {name};");
}
