namespace L2c.Weights.Layouts;

/// <summary>What inference from shapes has in common for DiT and U-ViT.</summary>
internal static class TransformerFacts
{
    /// <summary>Heads from the hint or from a published model of that width and depth.</summary>
    /// <exception cref="MalformedFileException">Neither tells them.</exception>
    public static int Heads(StateDictView dict, LayoutHints hints, string family, int hidden, int depth) =>
        hints.Heads
        ?? PublishedModels.Heads(family, hidden, depth)
        ?? throw new MalformedFileException(
            dict.File.Path,
            $"does not say how many attention heads the network has, and no published model has its width of {hidden} and its {depth} blocks; "
            + "give --heads N");

    /// <summary>The ratio that gives this MLP width back when multiplied with the hidden size and truncated.</summary>
    public static double MlpRatio(int mlpWidth, int hidden)
    {
        double ratio = (double)mlpWidth / hidden;
        return (int)(hidden * ratio) == mlpWidth ? ratio : Math.BitIncrement(ratio);
    }

    /// <summary>Classes without the null class: as told, otherwise all label rows but the last.</summary>
    /// <exception cref="MalformedFileException">The rows are neither the classes nor one more.</exception>
    public static (int Classes, bool HasNullClass) Classes(StateDictView dict, int? told, int labelRows)
    {
        if (told is not { } classes)
        {
            return (labelRows - 1, true);
        }

        return labelRows == classes || labelRows == classes + 1
            ? (classes, labelRows > classes)
            : throw new MalformedFileException(
                dict.File.Path, $"has {labelRows} label rows, which fit neither {classes} classes nor {classes} and a null class; correct --classes");
    }

    /// <summary>Patches per side, rounded down: a table that is no square is reported when shapes are compared.</summary>
    public static int Side(int patches) => Math.Max(1, (int)Math.Sqrt(patches));

    /// <summary>The name to give: the hint, the published model's, or the file's.</summary>
    public static string Name(StateDictView dict, LayoutHints hints, Architecture? published) =>
        hints.Name ?? published?.Name ?? Path.GetFileNameWithoutExtension(dict.File.Path);
}
