using System.Globalization;
using L2c.Cli.Output;

namespace L2c.Cli.Printing;

/// <summary>What came of encoding pictures, for a person.</summary>
internal static class EncodeText
{
    /// <summary>Prints it as JSON, or as two lines; of an interrupted task where it goes on.</summary>
    /// <returns>The exit code.</returns>
    public static int Print(EncodeResult result, Terminal terminal, bool json)
    {
        if (!result.IsFinished)
        {
            Failure.Print(
                terminal,
                $"interrupted; {result.Folder} has {Units.Of(result.Images, "image")} in {Units.Of(result.Shards, "file")}; "
                + "the same command continues with the others");
            return ExitCode.Interrupted;
        }

        if (json)
        {
            terminal.PrintJson(result, "facts");
            return ExitCode.Ok;
        }

        string skipped = result.Skipped == 0 ? "" : $"; {Units.Of(result.Skipped, "picture")} skipped";
        string classes = result.Classes == 0 ? "no classes" : result.Classes == 1 ? "1 class" : $"{result.Classes} classes";
        terminal.Out.WriteLine($"{result.Index}, {Units.Of(result.Shards, "file")} of latents {string.Join('x', result.Latent)}, {classes}");
        terminal.Out.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{result.Images} of {Units.Of(result.Pictures, "picture")}, {result.ImagesNow} now, by {result.Facts.Model} "
            + $"in {result.ElapsedMs / 1000:0.0} s on {result.Facts.Device}{skipped}"));
        return ExitCode.Ok;
    }
}
