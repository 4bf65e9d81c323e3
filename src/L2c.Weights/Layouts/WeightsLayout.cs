namespace L2c.Weights.Layouts;

/// <summary>Recognises what a file of tensors holds and where each canonical tensor is in it.</summary>
public static class WeightsLayout
{
    private static readonly TensorNaming[] _namings =
    [
        DitLayout.Naming,
        DitDiffusersNames.Naming,
        UVitLayout.Naming,
        VaeLayout.Naming,
        VaeDiffusersNames.Naming,
        InceptionLayout.Naming,
        RouterLayout.Published,
        RouterLayout.Canonical,
    ];

    /// <summary>Resolves a checkpoint: from the architecture in its metadata if it has one, otherwise from names, shapes and hints.</summary>
    /// <param name="file">The open file; it stays the caller's.</param>
    /// <param name="hints">What the caller knows; explicit hints override metadata.</param>
    /// <exception cref="MalformedFileException">
    /// The file holds no model that is known, an impossible one, or tensors that do not fit it; then
    /// <see cref="MalformedFileException.Details"/> lists each.
    /// </exception>
    /// <exception cref="ArgumentException">A hint does not apply to what the file holds, or names an unknown model.</exception>
    public static WeightsFile Resolve(TensorFile file, LayoutHints? hints = null)
    {
        hints ??= LayoutHints.None;
        StateDictView dict = StateDictView.Select(file, hints.Use);
        TensorNaming naming = _namings.FirstOrDefault(candidate => candidate.Recognises(dict)) ?? throw Unknown(dict);
        CheckHintsApply(naming, hints);
        Architecture architecture = FromModelName(naming, hints)
            ?? FromMetadata(file, naming)
            ?? naming.Infer(dict, hints);
        architecture = Apply(dict, architecture, hints);
        if (architecture.FindProblem() is { } problem)
        {
            throw new MalformedFileException(
                file.Path, $"is not a usable model: {problem}; correct the options, or fetch the file again");
        }

        List<WeightsTensor> tensors = TensorMatch.Match(dict, naming, architecture);
        return new WeightsFile(file, architecture, naming.Label, dict.Nest, tensors, dict.Ignored);
    }

    /// <summary>The family whose tensor names the file uses, see <see cref="Architecture.Family"/>, or null when no layout knows them.</summary>
    /// <param name="file">The open file; it stays the caller's.</param>
    /// <param name="use">Set of weights; null takes <c>ema</c> where there is one.</param>
    /// <exception cref="MalformedFileException">The set that was asked for is not in the file.</exception>
    public static string? FindFamily(TensorFile file, WeightSet? use = null)
    {
        StateDictView dict = StateDictView.Select(file, use);
        return _namings.FirstOrDefault(candidate => candidate.Recognises(dict))?.Family;
    }

    private static Architecture? FromMetadata(TensorFile file, TensorNaming naming)
    {
        if (!file.Metadata.TryGetValue(Architecture.MetadataKey, out string? json))
        {
            return null;
        }

        try
        {
            Architecture architecture = Architecture.FromJson(json);
            return architecture.Family == naming.Family
                ? architecture
                : throw new FormatException($"the family is '{architecture.Family}' but the tensors are those of '{naming.Family}'");
        }
        catch (FormatException e)
        {
            throw new MalformedFileException(
                file.Path, $"metadata {Architecture.MetadataKey}: {e.Message}; convert the original checkpoint again", e);
        }
    }

    private static Architecture? FromModelName(TensorNaming naming, LayoutHints hints)
    {
        if (hints.Model is null)
        {
            return null;
        }

        Architecture model = PublishedModels.Find(hints.Model)
            ?? throw new ArgumentException(
                $"--model {hints.Model}: no published model has that name; {PublishedModels.Advice(hints.Model)}");
        return model.Family == naming.Family
            ? model
            : throw new ArgumentException($"'{hints.Model}' is a {model.Family} model, but the file's tensors are those of '{naming.Family}'");
    }

    private static void CheckHintsApply(TensorNaming naming, LayoutHints hints)
    {
        if (naming.Family is DitArchitecture.FamilyName or UVitArchitecture.FamilyName)
        {
            return;
        }

        string? idle = hints switch
        {
            { Model: not null } => "--model",
            { Heads: not null } => "--heads",
            { Classes: not null } => "--classes",
            { ClassNames: not null } => "--class-names",
            { InputSize: not null } => "--input-size",
            _ => null,
        };
        if (idle is not null)
        {
            throw new ArgumentException($"{idle} does not apply to a {naming.Family}");
        }
    }

    private static Architecture Apply(StateDictView dict, Architecture architecture, LayoutHints hints)
    {
        Architecture named = architecture with { Name = hints.Name ?? architecture.Name };
        if (named is not TransformerArchitecture network)
        {
            return named;
        }

        (int classes, bool hasNullClass) = hints.Classes is null
            ? (network.NumClasses, network.HasNullClass)
            : TransformerFacts.Classes(dict, hints.Classes, network.LabelRows);
        return network with
        {
            Heads = hints.Heads ?? network.Heads,
            InputSize = hints.InputSize ?? network.InputSize,
            NumClasses = classes,
            HasNullClass = hasNullClass,
            ClassNames = hints.ClassNames ?? network.ClassNames,
        };
    }

    private static MalformedFileException Unknown(StateDictView dict) => new(
        dict.File.Path,
        dict.Tensors.Count == 0
            ? "holds no tensors; give a checkpoint of a DiT, U-ViT, autoencoder, FID network or router"
            : $"holds {dict.Tensors.Count} tensors, among them {FileText.Printable(dict.Tensors.GetAt(0).Key)}, "
              + "but no DiT, U-ViT, autoencoder, FID network or router is named like that; weights-converter --list shows its tensors");
}
