using System.Diagnostics;
using L2c.Testing;

namespace L2c.Cli.Tests;

/// <summary>The program as a process: current directory, files beside it, signals.</summary>
public sealed class ProcessTests : IDisposable
{
    private readonly CliRunner _cli = new();

    [Fact]
    public async Task Without_options_the_demo_model_draws_one_grid_with_its_router_and_says_first_what_it_does_and_last_what_that_saves()
    {
        using Process process = Start("sample");
        Task<string> output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        string error = await process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(0, process.ExitCode);
        Assert.Equal(["0001.png"], _cli.Files("samples"));
        Assert.StartsWith(
            "l2c: sampling 80 images from the demo model shapes-dit8: 20 ddim steps, guidance 1.5, cached by router shapes-dit8-router20.safetensors, "
            + "threshold 0.1\n",
            error,
            StringComparison.Ordinal);
        string[] lines = (await output).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal("samples/0001.png", lines[0].Replace('\\', '/'));
        Assert.Matches(@"^80 images by shapes-dit8 in [\d.]+ s \([\d.]+ s in all\): \d+ batches of \d+, 20 ddim steps, [\d.]+ ms per step \(median\), on ", lines[1]);
        Assert.StartsWith("memory: ", lines[2], StringComparison.Ordinal);
        Assert.Matches(
            @"^cache router shapes-dit8-router20\.safetensors, threshold 0\.1: \d+ of 160 branches \(attention or MLP of a block\) of the cache "
            + @"evaluations reused, [\d.]+ %; [\d.]+ % of the MACs saved, ideally 1\.\d+ times as fast \(--compare measures it\)$",
            lines[3]);
        Assert.Equal(4, lines.Length);
        PngDecoder png = PngDecoder.Decode(await File.ReadAllBytesAsync(_cli.PathOf("samples/0001.png"), TestContext.Current.CancellationToken));
        Assert.Equal((922, 1119), (png.Width, png.Height)); // ten rows and eight columns of 96 + 4 pixels, labels, a caption, and the margins

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
        Assert.EndsWith(
            "\nl2c: error: interrupted; nothing was written\n",
            await process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken),
            StringComparison.Ordinal);
        Assert.Empty(_cli.Files());
    }

    [Theory]
    [InlineData("portable", 0, "")]
    [InlineData("sse", 2, "l2c: error: L2C_ISA=sse: no such vectors are known; give avx512, avx2 or portable, or unset it\n")]
    public async Task The_environment_chooses_the_vectors(string isa, int code, string message)
    {
        string[] call = ["bench", "forward", "--model", "1x16x2/2", "--image-size", "32", "--device", "cpu", "--repeat", "1", "--json"];
        using Process process = StartWith("L2C_ISA", isa, call);
        string output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        Assert.Equal(message, await process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken));
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(code, process.ExitCode);
        Assert.Equal(code == 0, output.Replace(" ", "").Contains($"\"isa\":\"{isa}\"", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("1M", 1, @"^l2c: error: sampling needs [0-9.]+ MiB of memory, and 1\.0 MiB are free by L2C_MEMORY; not even --batch 1 fits, so free ")]
    [InlineData("64M", 1, @"^l2c: error: sampling needs [0-9.]+ MiB of memory, and 64\.0 MiB are free by L2C_MEMORY; give --batch [0-9]+, which needs [0-9.]+ MiB\n$")]
    [InlineData("lots", 2, "^l2c: error: L2C_MEMORY=lots is not a size; ")]
    public async Task What_does_not_fit_into_memory_is_refused_and_leaves_nothing(string memory, int code, string message)
    {
        using Process process = StartWith(
            "L2C_MEMORY", memory, "sample", "--count", "64", "--batch", "64", "--device", "cpu", "--cache", "none", "--out", "a/b/c", "--json");
        string error = await process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(code, process.ExitCode);
        Assert.Matches(message, error);
        Assert.Equal(1, error.Count(c => c == '\n'));
        Assert.Empty(_cli.Files());
    }

    [Theory]
    [InlineData("devices 2>&-", 0)]
    [InlineData("devices >&-", 1)]
    [InlineData("devices >/dev/full", 1)]
    [InlineData("devices >/dev/full 2>/dev/full", 1)]
    [InlineData("devices >&- 2>&-", 1)]
    [InlineData("devices <&- >&- 2>&-", 0)]
    [InlineData("inspect none.pt 2>&-", 1)]
    [InlineData("inspect none.pt 2>/dev/full", 1)]
    [InlineData("sample --count 0 2>/dev/full", 2)]
    [InlineData("sample --count 1 --steps 2 --cache none --out a.png 2>/dev/full", 0)]
    [InlineData("sample --count 1 --steps 2 --cache none --out a.png >&-", 1)]
    [InlineData("train --model 2x16x2/8 --batch 2 --max-steps 2 --out run 2>/dev/full", 0)]
    [InlineData("train --model 2x16x2/8 --batch 2 --max-steps 2 --out run >&- 2>&-", 1)]
    public async Task Standard_streams_that_are_closed_or_full_change_the_exit_code_at_most(string command, int code)
    {
        Assert.SkipUnless(File.Exists("/dev/full"), "needs /dev/full");
        string program = Path.Combine(AppContext.BaseDirectory, "l2c.dll");
        ProcessStartInfo start = new("sh", ["-c", $"dotnet '{program}' {command}"])
        {
            WorkingDirectory = _cli.Folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using Process process = Process.Start(start)!;
        Task<string> output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        string error = await process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        _ = await output;
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal((code, command), (process.ExitCode, command));
        Assert.DoesNotContain("xception", error, StringComparison.Ordinal);
        Assert.True(code == 0 || error.Length == 0 || error.StartsWith("l2c: ", StringComparison.Ordinal), error);

        // A file opened while a stream is closed must not become the stream.
        Assert.All(
            Directory.EnumerateFiles(_cli.Folder, "*", SearchOption.AllDirectories).Where(file => !file.EndsWith(".safetensors", StringComparison.Ordinal)),
            file => Assert.DoesNotContain("computing on the CPU", File.ReadAllText(file), StringComparison.Ordinal));
    }

    public void Dispose() => _cli.Dispose();

    /// <summary>Whether this process ignores a signal, which its children inherit; .NET leaves an ignored SIGINT ignored.</summary>
    private static bool IsIgnored(int signal)
    {
        const string status = "/proc/self/status", field = "SigIgn:";
        string? mask = File.Exists(status) ? File.ReadLines(status).Single(line => line.StartsWith(field, StringComparison.Ordinal)) : null;
        return mask is not null && (Convert.ToUInt64(mask[field.Length..].Trim(), 16) >> (signal - 1) & 1) != 0;
    }

    private Process Start(params string[] args) => StartWith("L2C_ISA", null, args);

    private Process StartWith(string variable, string? value, params string[] args)
    {
        string program = Path.Combine(AppContext.BaseDirectory, "l2c.dll");
        ProcessStartInfo start = new("dotnet", [program, .. args])
        {
            WorkingDirectory = _cli.Folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        if (value is not null)
        {
            start.Environment[variable] = value;
        }

        return Process.Start(start)!;
    }
}
