using System.CommandLine;
using System.CommandLine.Parsing;
using L2c.Cli.Commands;
using L2c.Cli.Parsing;
using L2c.Weights;
using L2c.Weights.Layouts;

namespace WeightsConverter;

/// <summary>The words of the command line and what they mean.</summary>
internal sealed class CommandLine
{
    private const string OutputExtension = ".safetensors";

    private static readonly Dictionary<string, TensorType> _types = new(StringComparer.OrdinalIgnoreCase)
    {
        ["fp32"] = TensorType.F32,
        ["fp16"] = TensorType.F16,
        ["bf16"] = TensorType.BF16,
    };

    private readonly Argument<string> _input = new("IN") { Description = "Checkpoint: .pt or .pth of torch.save (zip or legacy), or .safetensors" };
    private readonly Argument<string?> _output = new("OUT.safetensors")
    {
        Description = "File to write, whose name ends in .safetensors; not with --list",
        Arity = ArgumentArity.ZeroOrOne,
    };

    private readonly Option<string> _type = OptionFactory.OneOf(
        "--dtype", "Type of the tensors written, whatever the source's; router logits stay fp32", "fp32", [.. _types.Keys.Skip(1)]);
    private readonly Option<string?> _use =
        OptionFactory.Choice("--use", "Weights of a training checkpoint to take; default ema where there is one", "ema", "model");
    private readonly Option<bool> _list = OptionFactory.Switch("--list", "Print the tensors of IN (name, dtype, shape) and stop");
    private readonly Option<bool> _verify = OptionFactory.Switch(
        "--verify", "After writing, re-read both files and compare every tensor bit for bit after rounding");
    private readonly Option<bool> _verifyOnly = OptionFactory.Switch(
        "--verify-only", "Write nothing; compare OUT, which exists, with IN in the same way");
    private readonly Option<string?> _model = OptionFactory.Text(
        "--model", "NAME", "Published model that IN must be, such as 'DiT-XL/2 256' (256 may be omitted)")
        .Offering(PublishedModels.Names);
    private readonly Option<int?> _heads = OptionFactory.Whole("--heads", 1, "Attention heads, where no published model has this width and depth");
    private readonly Option<int?> _classes = OptionFactory.Whole(
        "--classes", 1, "Number of classes, not counting the null class; default: all label rows but the last");
    private readonly Option<int?> _inputSize = OptionFactory.Whole(
        "--input-size", 1, "Side of the input in cells or pixels, where no position table gives it");
    private readonly Option<string?> _classNames = OptionFactory.Text("--class-names", "A,B,C", "Names of the classes in order, separated by commas");
    private readonly Option<string?> _name = OptionFactory.Text("--name", "NAME", "Name to give the model; default the published name or the file's");
    private readonly Option<bool> _force = OptionFactory.Switch("--force", "Overwrite OUT");
    private readonly Option<bool> _json = OptionFactory.Switch("--json", "Print one JSON object on standard output");
    private readonly Option<bool> _quiet = OptionFactory.Switch("--quiet", "Draw no progress on standard error");

    public CommandLine()
    {
        _input.Validators.Add(result => OptionFactory.RefuseEmpty(result, "IN", "a checkpoint"));
        _output.Validators.Add(result => OptionFactory.RefuseEmpty(result, "OUT", "a file to write"));
        Root = new RootCommand(
            "Converts checkpoints of DiTs, U-ViTs, autoencoders, routers and the FID network to safetensors under the published names, with the architecture as "
            + "metadata.")
        {
            _input, _output, _type, _use, _list, _verify, _verifyOnly, _model, _heads, _classes, _classNames, _inputSize, _name, _force,
            _json, _quiet,
        };
        HelpText.Install(Root, Program.Name);
        Root.Validators.Add(Validate);
    }

    /// <summary>The command, for parsing and for its help.</summary>
    public RootCommand Root { get; }

    /// <summary>The options of a parse without errors.</summary>
    public ConverterOptions Read(ParseResult result) => new()
    {
        Input = result.GetValue(_input)!,
        Output = result.GetValue(_output),
        Type = _types[result.GetValue(_type) ?? "fp32"],
        List = result.GetValue(_list),
        Verify = result.GetValue(_verify),
        VerifyOnly = result.GetValue(_verifyOnly),
        Force = result.GetValue(_force),
        Json = result.GetValue(_json),
        Quiet = result.GetValue(_quiet),
        Hints = new LayoutHints
        {
            Use = result.GetValue(_use) switch { "ema" => WeightSet.Ema, "model" => WeightSet.Model, _ => null },
            Model = result.GetValue(_model),
            Heads = result.GetValue(_heads),
            Classes = result.GetValue(_classes),
            InputSize = result.GetValue(_inputSize),
            ClassNames = result.GetValue(_classNames)?.Split(','),
            Name = result.GetValue(_name),
        },
    };

    private void Validate(CommandResult result)
    {
        bool Given(Option option) => result.GetResult(option) is { Implicit: false };
        string? written = result.GetResult(_output) is { Tokens: [{ Value: var path }, ..] } ? path : null;
        string? problem = (Given(_list), Given(_verifyOnly), written is not null) switch
        {
            _ when result.GetResult(_input) is not { Tokens.Count: > 0 } => "IN is missing; name the checkpoint to convert",
            (true, true, _) => "--list and --verify-only cannot be combined; omit one of them",
            (true, _, true) => "--list writes nothing; omit OUT",
            (false, _, false) => "OUT.safetensors is missing; name the file to write, or give --list",
            (_, true, _) when Given(_force) || Given(_type) || Given(_verify) =>
                "--verify-only writes nothing; omit --force, --dtype and --verify",
            (_, false, true) when written!.Trim().Length > 0 && !written.EndsWith(OutputExtension, StringComparison.OrdinalIgnoreCase) =>
                $"{written}: what is written is a safetensors file; give a name that ends in {OutputExtension}",
            _ => null,
        };
        if (problem is not null)
        {
            result.AddError(problem);
        }
    }
}
