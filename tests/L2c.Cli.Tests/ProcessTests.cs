using System.Diagnostics;
using L2c.Testing;

namespace L2c.Cli.Tests;

/// <summary>The program as a process: current directory, files beside it, signals.</summary>
public sealed class ProcessTests : IDisposable
{
    private readonly CliRunner _cli = new();

    [Fact]
    public async Task Without_options_the_demo_model_draws_its_grid_with_its_router_and_says_what_that_saves()
    {
        using Process process = Start("sample");
        string output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(0, process.ExitCode);
        Assert.Equal(["0001-compare.png", "0001.png"], _cli.Files("samples"));
        string[] lines = output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Matches(@"^80 images by shapes-dit8 in [\d.]+ s \([\d.]+ s in all\): 20 ddim steps, ", lines[1]);
        Assert.Matches(@"^cache router shapes-dit8-router20\.safetensors, threshold 0\.1: \d+ of 160 branches of the cache evaluations reused "
            + @"\([\d.]+ %\), [\d.]+ % of the MACs saved: ideal speed-up 1\.\d+$", lines[3]);
        Assert.Matches(@"^against no caching: [\d.]+ instead of [\d.]+ ms per image, speed-up [\d.]+ \(median of 6 interleaved rounds\), "
            + @"[\d.]+ % of the ideal, PSNR [\d.]+ dB, relative L2 0\.\d+$", lines[4]);
        PngDecoder png = PngDecoder.Decode(await File.ReadAllBytesAsync(_cli.PathOf("samples/0001.png"), TestContext.Current.CancellationToken));
        Assert.Equal((902, 1004), (png.Width, png.Height)); // ten rows and eight columns of 96 + 4 pixels, and the margin

        // The model has learned something: its pictures are not one colour, as noise pressed to the limits or zeros would be.
        Assert.InRange(png.Pixels.Chunk(3).Select(p => (p[0], p[1], p[2])).Distinct().Count(), 5_000, 200_000);
    }

    [Theory]
    [InlineData("INT", 2)]
    [InlineData("TERM", 15)]
    public async Task Ctrl_C_and_a_request_to_terminate_end_with_code_130_and_leave_nothing(string signal, int number)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() || OperatingSystem.IsMacOS(), "sends a POSIX signal");
        Assert.SkipWhen(IsIgnored(number), $"SIG{signal} is ignored here and so in every child, as in a background job of a shell");
        using Process process = Start("sample", "--device", "cpu", "--count", "4000", "--separate", "--out", "out");
        while (!Directory.Exists(_cli.PathOf("out")))
        {
            Assert.False(process.HasExited);
            await Task.Delay(20, TestContext.Current.CancellationToken);
        }

        using Process kill = Process.Start("kill", [$"-{signal}", process.Id.ToString()]);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(130, process.ExitCode);
        Assert.Equal("l2c: error: interrupted; nothing was written\n",
            await process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken));
        Assert.Empty(_cli.Files());
    }

    [Theory]
    [InlineData("portable", 0, "")]
    [InlineData("sse", 2, "l2c: error: L2C_ISA=sse: no such vectors; give avx512, avx2 or portable, or unset it\n")]
    public async Task The_environment_chooses_the_vectors(string isa, int code, string message)
    {
        string[] call = ["bench", "forward", "--model", "1x16x2/2", "--image-size", "32", "--device", "cpu", "--repeat", "1", "--json"];
        using Process process = StartWith(isa, call);
        string output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        Assert.Equal(message, await process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken));
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(code, process.ExitCode);
        Assert.Equal(code == 0, output.Replace(" ", "").Contains($"\"isa\":\"{isa}\"", StringComparison.Ordinal));
    }

    public void Dispose() => _cli.Dispose();

    /// <summary>Whether this process ignores a signal, which its children inherit; .NET leaves an ignored SIGINT ignored.</summary>
    private static bool IsIgnored(int signal)
    {
        const string status = "/proc/self/status", field = "SigIgn:";
        string? mask = File.Exists(status) ? File.ReadLines(status).Single(line => line.StartsWith(field, StringComparison.Ordinal)) : null;
        return mask is not null && (Convert.ToUInt64(mask[field.Length..].Trim(), 16) >> (signal - 1) & 1) != 0;
    }

    private Process Start(params string[] args) => StartWith(null, args);

    private Process StartWith(string? isa, params string[] args)
    {
        string program = Path.Combine(AppContext.BaseDirectory, "l2c.dll");
        ProcessStartInfo start = new("dotnet", [program, .. args])
        {
            WorkingDirectory = _cli.Folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        if (isa is not null)
        {
            start.Environment["L2C_ISA"] = isa;
        }

        return Process.Start(start)!;
    }
}
