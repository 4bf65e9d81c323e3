using System.CommandLine;

namespace L2c.Cli.Commands;

/// <summary>What samples are compared with.</summary>
internal sealed class DataOptions
{
    private readonly Option<string?> _data = OptionFactory.Text(
        "--data", "DATA", $"What to compare with: shapes:SEED, a file or a folder of images [default: {ImageSets.Default}]")
        .Offering(TrainingDataText.Words);
    private readonly Option<int?> _dataCount = OptionFactory.Whole(
        "--data-count",
        2,
        $"How many images of the data to compare with, from the first [default: {EvaluateRequest.DefaultCount}]",
        EvaluateRequest.MaxCount);

    /// <summary>The options.</summary>
    public IReadOnlyList<Option> All => [_data, _dataCount];

    /// <summary>The text of the data.</summary>
    public string Text(ParseResult parsed) => parsed.GetValue(_data) ?? ImageSets.Default;

    /// <summary>Images to take of it.</summary>
    public int Count(ParseResult parsed) => parsed.GetValue(_dataCount) ?? EvaluateRequest.DefaultCount;
}
