using System.CommandLine;
using L2c.Weights.Layouts;

namespace L2c.Cli.Commands;

/// <summary>What the user can say about a checkpoint that leaves something open: the same options wherever one is opened.</summary>
internal sealed class WeightsOptions
{
    private readonly Option<string?> _use =
        OptionFactory.Choice("--use", "Weights of a training checkpoint to take; default ema where there is one", "ema", "model");

    private readonly Option<string?> _model;
    private readonly Option<int?> _heads =
        OptionFactory.Whole("--heads", 1, "Attention heads, if neither the file nor a published model tells");
    private readonly Option<int?> _classes =
        OptionFactory.Whole("--num-classes", 1, "Number of classes, not counting the null class; default: all label rows but the last");

    /// <param name="model">What <c>--model</c> means to the command.</param>
    public WeightsOptions(string model = "Published model that the file must be, such as 'DiT-XL/2 256' (256 may be omitted)")
    {
        _model = OptionFactory.Text("--model", "NAME", model).Offering(PublishedModels.Names);
    }

    /// <summary>Adds the options to a command.</summary>
    public void AddTo(Command command)
    {
        command.Add(_use);
        command.Add(_model);
        command.Add(_heads);
        command.Add(_classes);
    }

    /// <summary>What the user said.</summary>
    public LayoutHints Read(ParseResult parsed) => new()
    {
        Use = parsed.GetValue(_use) switch { "ema" => WeightSet.Ema, "model" => WeightSet.Model, _ => null },
        Model = parsed.GetValue(_model),
        Heads = parsed.GetValue(_heads),
        Classes = parsed.GetValue(_classes),
    };
}
