using System.Diagnostics;
using System.Text.RegularExpressions;
using L2c.Kernels.Cuda;

namespace L2c.Kernels.Tests.Cuda;

/// <summary>NVIDIA's assembler, where it is present: it accepts the text, and finds registers for everything.</summary>
public sealed class PtxasTests
{
    [Theory, MemberData(nameof(PtxCompilerTests.Targets), MemberType = typeof(PtxCompilerTests))]
    public void The_residual_norm_needs_no_stack_and_spills_nothing(string target)
    {
        string? ptxas = Find();
        Assert.SkipUnless(ptxas is not null, "no ptxas in L2C_PTXAS or on the path: registers, stack and spills are not checked");
        using PtxCompiler compiler = new();
        PtxKernel kernel = compiler.Compile(ResidualNormCuda.Method, ResidualNormCuda.ThreadsPerBlock, PtxCompilerTests.Target(target));

        string report = Assemble(ptxas!, kernel);

        TestContext.Current.SendDiagnosticMessage("{0} {1}", target, report);
        Assert.Contains("0 bytes stack frame, 0 bytes spill stores, 0 bytes spill loads", report, StringComparison.Ordinal);
        int registers = int.Parse(Regex.Match(report, @"Used (\d+) registers").Groups[1].Value);
        Assert.InRange(registers, 1, 32); // 32 keep sixteen blocks of 128 threads, a full multiprocessor, resident
    }

    private static string Assemble(string ptxas, PtxKernel kernel)
    {
        string folder = Directory.CreateTempSubdirectory("l2c-ptxas-").FullName;
        try
        {
            string source = Path.Combine(folder, "kernel.ptx");
            File.WriteAllText(source, kernel.Text);
            ProcessStartInfo start = new(ptxas)
            {
                RedirectStandardError = true,
                RedirectStandardOutput = true,
                ArgumentList = { "-v", "-arch=" + kernel.Target.Name, "-o", Path.Combine(folder, "kernel.cubin"), source },
            };
            using Process process = Process.Start(start)!;
            Task<string> output = process.StandardOutput.ReadToEndAsync();
            string report = process.StandardError.ReadToEnd() + output.Result;
            process.WaitForExit();
            Assert.True(process.ExitCode == 0, report);
            return report;
        }
        finally
        {
            Directory.Delete(folder, true);
        }
    }

    private static string? Find()
    {
        string? named = Environment.GetEnvironmentVariable("L2C_PTXAS");
        return !string.IsNullOrEmpty(named)
            ? named
            : (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
                .Select(folder => Path.Combine(folder, "ptxas")).FirstOrDefault(File.Exists);
    }
}
