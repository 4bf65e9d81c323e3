using System.Diagnostics;
using L2c.Emulation.Decoding;

namespace L2c.Emulation.Tests.Arithmetic;

/// <summary>Every form of every instruction that works lane by lane, against values computed with exact rationals (expected.py).</summary>
public class ArithmeticTests
{
    public static TheoryData<string> Opcodes => [.. ExpectedValues.Forms.Keys];

    [Theory]
    [MemberData(nameof(Opcodes))]
    public void Form_gives_the_value_of_the_ISA(string opcode)
    {
        ExpectedValues.Form form = ExpectedValues.Forms[opcode];
        ulong[] results = opcode.StartsWith("lop3", StringComparison.Ordinal)
            ? [.. form.Operands.Select(operands => Snippet.Run(Code(form, operands), form.Widths, form.ResultWidth, [operands])[0])]
            : Snippet.Run(Code(form, null), form.Widths, form.ResultWidth, form.Operands);
        for (int i = 0; i < results.Length; i++)
        {
            Assert.True(
                results[i] == form.Results[i],
                $"{opcode} {string.Join(' ', form.Operands[i].Select(x => $"{x:X}"))}: {results[i]:X}, expected {form.Results[i]:X}");
        }
    }

    [Fact]
    public void Every_opcode_of_the_table_has_expected_values() => Assert.Empty(ElementwiseTable.Opcodes.Except(ExpectedValues.Forms.Keys));

    [Fact]
    public void Vendor_assembler_takes_every_form()
    {
        string? ptxas = Environment.GetEnvironmentVariable("L2C_PTXAS");
        Assert.SkipUnless(File.Exists(ptxas), "ptxas: not found (set L2C_PTXAS to the vendor's assembler)");
        string text = string.Concat(ExpectedValues.Forms.Values.Select(form => $"{{\n{Declarations(form)}{Code(form, form.Operands[0])}\n}}\n"));
        string file = Path.GetTempFileName();
        try
        {
            File.WriteAllText(file, Snippet.Module("()", text));
            ProcessStartInfo assembler = new(ptxas!, ["-arch=sm_90", file, "-o", "/dev/null"]) { RedirectStandardError = true };
            using Process process = Process.Start(assembler)!;
            Assert.Equal("", process.StandardError.ReadToEnd());
            process.WaitForExit();
            Assert.Equal(0, process.ExitCode);
        }
        finally
        {
            File.Delete(file);
        }
    }

    // The table of lop3 is a literal, so its cases are programs of their own.
    internal static string Code(ExpectedValues.Form form, ulong[]? operands)
    {
        IEnumerable<string> names = form.Widths.Select((_, i) => $"%x{i}");
        if (form.Opcode.StartsWith("lop3", StringComparison.Ordinal))
        {
            names = [.. names.Take(3), $"0x{operands![3]:X}"];
        }

        return $"{form.Opcode} %d, {string.Join(", ", names)};";
    }

    private static string Declarations(ExpectedValues.Form form) => string.Concat(
        form.Widths.Select((width, i) => (Name: $"%x{i}", Width: width)).Append((Name: "%d", Width: form.ResultWidth))
            .Select(register => $".reg .{(register.Width == 1 ? "pred" : $"b{register.Width}")} {register.Name};\n"));
}
