using System.CommandLine;
using L2c.Cli.Images;
using L2c.Cli.Inspection;
using L2c.Cli.Output;
using L2c.Weights;
using L2c.Weights.Layouts;

namespace L2c.Cli.Commands;

/// <summary><c>l2c inspect</c>: what a file holds.</summary>
internal static class InspectCommand
{
    /// <summary>The command.</summary>
    public static Command Create(Terminal terminal)
    {
        Argument<string> path = new("FILE") { Description = "Checkpoint or router (.safetensors, .pt, .pth), other file of tensors, or a PNG that l2c has written" };
        CheckpointOptions checkpoint = new();
        Option<bool> tensors = Words.Switch("--tensors", "List every tensor: name, type, shape");
        Option<bool> json = Words.Switch("--json", "Print one JSON object");
        Command command = new("inspect", "Shows what a file holds: architecture, parameters and types of a checkpoint, sampling parameters of a picture.") { path };
        checkpoint.AddTo(command);
        command.Add(tensors);
        command.Add(json);
        command.SetAction(parsed =>
        {
            Inspect(terminal, parsed.GetRequiredValue(path), checkpoint.Read(parsed), parsed.GetValue(tensors), parsed.GetValue(json));
            return ExitCode.Ok;
        });
        return command;
    }

    private static void Inspect(Terminal terminal, string path, LayoutHints hints, bool tensors, bool json)
    {
        ByteSource source = ByteSource.OpenFile(path);
        if (IsPng(source))
        {
            using (source)
            {
                PngReport report = PngReport.Of(path, source.Length, PngFile.Read(source));
                Print(terminal, report, report.Print, json);
            }
        }
        else
        {
            using TensorFile file = TensorFiles.Open(source);
            TensorFileReport report = TensorFileReport.Of(file, source.Length, hints, tensors);
            Print(terminal, report, report.Print, json);
        }
    }

    private static void Print(Terminal terminal, object report, Action<TextWriter> print, bool json)
    {
        if (json)
        {
            terminal.PrintJson(report);
        }
        else
        {
            print(terminal.Out);
        }
    }

    private static bool IsPng(ByteSource source)
    {
        Span<byte> head = stackalloc byte[PngWriter.Signature.Length];
        head = head[..(int)Math.Min(head.Length, source.Length)];
        source.ReadExactly(0, head);
        return head.SequenceEqual(PngWriter.Signature);
    }
}
