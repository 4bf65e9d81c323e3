using System.Diagnostics;
using L2c.Testing;
using L2c.Testing.Files;

namespace WeightsConverter.Tests;

/// <summary>Tests that measure the process and so must not share it.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class AloneInTheProcess
{
    public const string Name = "alone in the process";
}

/// <summary>The corpus of malformed files through the program.</summary>
[Collection(AloneInTheProcess.Name)]
public sealed class MalformedFilesTests
{
    private const long MaxAllocatedBytes = 256L << 20;

    public static TheoryData<string> Names => [.. MalformedFiles.All.Select(file => file.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void Is_refused_with_exit_code_4_in_one_line_and_leaves_nothing(string name)
    {
        using TemporaryFolder folder = new();
        string input = Write(folder, MalformedFiles.All.Single(file => file.Name == name));
        long before = GC.GetTotalAllocatedBytes();

        Tool run = Tool.Run(input, folder.File("out.safetensors"));

        Assert.InRange(GC.GetTotalAllocatedBytes() - before, 0, MaxAllocatedBytes);
        Assert.Equal(4, run.Code);
        Assert.StartsWith($"weights-converter: error: {input}: ", run.SingleErrorLine(), StringComparison.Ordinal);
        Assert.Equal("", run.Output);
        Assert.Equal(["input.bin"], folder.Names);
    }

    [Fact]
    public void The_process_stays_below_a_heap_limit_too()
    {
        // One of each kind of container and fault is enough here: a process takes a tenth of a second to start.
        foreach (MalformedFile file in MalformedFiles.All.Where((_, index) => index % 24 == 0))
        {
            using TemporaryFolder folder = new();
            string program = Path.Combine(AppContext.BaseDirectory, "weights-converter");
            ProcessStartInfo start = new(program, [Write(folder, file), folder.File("out.safetensors")])
            {
                RedirectStandardError = true,
            };
            start.Environment["DOTNET_GCHeapHardLimit"] = "0x10000000";
            using Process process = Process.Start(start)!;
            string error = process.StandardError.ReadToEnd();
            process.WaitForExit();
            Assert.Equal((file.Name, 4), (file.Name, process.ExitCode));
            Assert.Single(error.TrimEnd('\n').Split('\n'));
            Assert.Equal(["input.bin"], folder.Names);
        }
    }

    private static string Write(TemporaryFolder folder, MalformedFile file)
    {
        string path = folder.File("input.bin");
        File.WriteAllBytes(path, file.Bytes);
        return path;
    }
}
