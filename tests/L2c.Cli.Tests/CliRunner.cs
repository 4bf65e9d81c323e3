using System.Text.Json;
using L2c.Cli.Output;

namespace L2c.Cli.Tests;

/// <summary>What a run of the program left behind.</summary>
/// <param name="Code">Exit code.</param>
/// <param name="Out">Standard output.</param>
/// <param name="Err">Standard error, without <paramref name="Note"/> and <see cref="Announcement"/>.</param>
/// <param name="Note">The line that tells why --device auto is the CPU; empty when there was none.</param>
public sealed record CliResult(int Code, string Out, string Err, string Note)
{
    /// <summary>The line that tells what l2c sample is about to do, which is not in <see cref="Err"/>; empty when there was none.</summary>
    public string Announcement { get; init; } = "";

    /// <summary>The object that --json printed, after a run that must have succeeded.</summary>
    public JsonElement Json
    {
        get
        {
            Assert.True(Code == 0, Err);
            Assert.Equal(Out.Length - 1, Out.IndexOf('\n', StringComparison.Ordinal)); // one line, nothing beside it
            return JsonElement.Parse(Out);
        }
    }

    /// <summary>Checks that the run ended with one line of error and nothing on standard output.</summary>
    public void MustFail(int code, string message)
    {
        Assert.Equal(code, Code);
        Assert.Equal("", Out);
        Assert.Equal(Err.Length - 1, Err.IndexOf('\n', StringComparison.Ordinal));
        Assert.StartsWith("l2c: error: ", Err, StringComparison.Ordinal);
        Assert.Contains(message, Err, StringComparison.Ordinal);
    }
}

/// <summary>A test's own folder, and the program run in this process.</summary>
public sealed class CliRunner : IDisposable
{
    /// <summary>The CUDA devices that the program finds: none, whatever the machine has, unless a test says so.</summary>
    public CudaAccess Cuda { get; init; } = EmulatedCuda.Missing;

    public string Folder { get; } = Directory.CreateTempSubdirectory("l2c-cli-").FullName;

    public string PathOf(string name) => Path.Combine(Folder, name);

    public CliResult Run(params string[] args) => Run(CancellationToken.None, args);

    public CliResult Run(CancellationToken cancel, params string[] args)
    {
        _ = Folder;
        StringWriter output = new(), error = new();
        int code = Program.Run(args, new Terminal(output, error, Interactive: false, cancel), Cuda);
        string text = error.ToString();
        (string announcement, text) = Split(text, "l2c: sampling ");
        (string note, text) = Split(text, "l2c: note: computing on the CPU");
        return new CliResult(code, output.ToString(), text, note) { Announcement = announcement };
    }

    /// <summary>The first line, where it begins so, and the others.</summary>
    private static (string Line, string Others) Split(string text, string begin)
    {
        int end = text.StartsWith(begin, StringComparison.Ordinal) ? text.IndexOf('\n', StringComparison.Ordinal) + 1 : 0;
        return (text[..end], text[end..]);
    }

    /// <summary>Names of everything in the folder, sorted.</summary>
    public string[] Files(string below = "") =>
        [.. Directory.EnumerateFileSystemEntries(PathOf(below)).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal)];

    public void Dispose() => Directory.Delete(Folder, recursive: true);
}
