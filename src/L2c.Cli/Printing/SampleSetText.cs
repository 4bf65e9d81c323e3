using L2c.Cli.Output;

namespace L2c.Cli.Printing;

/// <summary>What a set of images says of itself.</summary>
internal static class SampleSetText
{
    /// <summary>Prints it.</summary>
    /// <returns>The exit code.</returns>
    public static int Print(SampleSetResult result, Terminal terminal, bool json)
    {
        if (!result.IsFinished)
        {
            Failure.Print(
                terminal, $"interrupted; {result.Path} has {result.ChunksDone} of {result.Chunks} chunks; the same command continues with the others");
            return ExitCode.Interrupted;
        }

        if (json)
        {
            terminal.PrintJson(result);
            return ExitCode.Ok;
        }

        terminal.Out.WriteLine(result.Sha256 is null
            ? $"{result.Path}: {result.ChunksDone} of {result.Chunks} chunks of {Units.Of(result.Images, "image")} are there"
                + (result.ChunksDone == result.Chunks ? "; join them with l2c gather" : "")
            : $"{result.Path}: {Units.Of(result.Images, "image")} of {result.Height} x {result.Width}, SHA-256 {result.Sha256}");
        return ExitCode.Ok;
    }
}
