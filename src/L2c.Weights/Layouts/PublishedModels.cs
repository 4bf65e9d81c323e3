namespace L2c.Weights.Layouts;

/// <summary>The published configurations, by name.</summary>
/// <remarks>
/// Sources: DiT models.py (Peebles and Xie 2023, table 1; trained at 256 and 512 px on latents of an eighth of the side,
/// 1000 classes and the null class);
/// the configs folder of the U-ViT repository (Bao et al. 2023).
/// </remarks>
public static class PublishedModels
{
    // Letter, width, depth, heads.
    private static readonly (string Size, int Hidden, int Depth, int Heads)[] _ditSizes =
        [("S", 384, 12, 6), ("B", 768, 12, 12), ("L", 1024, 24, 16), ("XL", 1152, 28, 16)];

    private static readonly int[] _ditPatches = [2, 4, 8];

    private static readonly int[] _ditResolutions = [256, 512];

    /// <summary>All of them: twelve DiT at two resolutions each, and the U-ViT whose configurations are published.</summary>
    public static IReadOnlyList<TransformerArchitecture> All { get; } =
    [
        .. from resolution in _ditResolutions
           from size in _ditSizes
           from patch in _ditPatches
           select OfSizes($"DiT-{size.Size}/{patch} {resolution}", resolution, patch, size.Hidden, size.Depth, size.Heads),
        UVit("U-ViT-H/2 256", 32, 2, 4, 1152, 28, 16, 1000, hasNullClass: true, finalConv: false),
        UVit("U-ViT-H/4 512", 64, 4, 4, 1152, 28, 16, 1000, hasNullClass: true, finalConv: false),
        UVit("U-ViT-L/2 256", 32, 2, 4, 1024, 20, 16, 1000, hasNullClass: true, finalConv: true),
        UVit("U-ViT-L/4 512", 64, 4, 4, 1024, 20, 16, 1000, hasNullClass: true, finalConv: true),
        UVit("U-ViT-L/4 64", 64, 4, 3, 1024, 20, 16, 1000, hasNullClass: false, finalConv: true),
        UVit("U-ViT-M/4 64", 64, 4, 3, 768, 16, 12, 1000, hasNullClass: false, finalConv: true),
        UVit("U-ViT-S/4 64", 64, 4, 3, 512, 12, 8, 0, hasNullClass: false, finalConv: true),
    ];

    /// <summary>All names; where the resolution is 256 px, without it.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. All.Select(model => model.Name.Replace(" 256", "", StringComparison.Ordinal))];

    /// <summary>What to do about a name that is none of them: the nearest one, or all.</summary>
    public static string Advice(string name) =>
        KnownWords.Nearest(name, Names) is { } near ? $"did you mean {near}?" : $"the names are {string.Join(", ", Names)}";

    /// <summary>The model of that name, ignoring case; without a resolution, 256 px is meant where there is one. Null when unknown.</summary>
    public static TransformerArchitecture? Find(string name) =>
        All.FirstOrDefault(model => string.Equals(model.Name, name, StringComparison.OrdinalIgnoreCase))
        ?? All.FirstOrDefault(model => string.Equals(model.Name, $"{name} 256", StringComparison.OrdinalIgnoreCase));

    /// <summary>A network like the published DiT or U-ViT-H, but of any sizes: on latents of 1000 classes and the null class.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="resolution">Side of the images in pixels.</param>
    /// <param name="patch">Side of a patch in latent cells.</param>
    /// <param name="hidden">Width.</param>
    /// <param name="depth">Blocks; of a U-ViT without the middle one.</param>
    /// <param name="heads">Attention heads.</param>
    /// <param name="longSkips">Whether it is a U-ViT.</param>
    public static TransformerArchitecture OfSizes(
        string name, int resolution, int patch, int hidden, int depth, int heads, bool longSkips = false) => longSkips
        ? UVit(name, resolution / 8, patch, 4, hidden, depth, heads, 1000, hasNullClass: true, finalConv: false)
        : new DitArchitecture
        {
            Name = name,
            InputSize = resolution / 8,
            PatchSize = patch,
            InChannels = 4,
            HiddenSize = hidden,
            Depth = depth,
            Heads = heads,
            NumClasses = 1000,
            HasNullClass = true,
        };

    /// <summary>The published model with exactly these shapes, or null. Names and heads, which no shape shows, are not compared.</summary>
    internal static T? FindLike<T>(T inferred)
        where T : Architecture =>
        All.OfType<T>().FirstOrDefault(model => HasShapeOf(model, inferred));

    /// <summary>Heads of the published models of that width and depth, or null when there is none.</summary>
    internal static int? Heads(string family, int hidden, int depth) => All.OfType<TransformerArchitecture>()
        .FirstOrDefault(model => model.Family == family && model.HiddenSize == hidden && model.Depth == depth)?.Heads;

    private static bool HasShapeOf(Architecture published, Architecture inferred) => (published, inferred) switch
    {
        (DitArchitecture p, DitArchitecture i) => p with { ClassNames = i.ClassNames, Name = i.Name, Heads = i.Heads } == i,
        (UVitArchitecture p, UVitArchitecture i) =>
            p.LabelRows == i.LabelRows
            && p with { ClassNames = i.ClassNames, Name = i.Name, Heads = i.Heads, NumClasses = i.NumClasses, HasNullClass = i.HasNullClass } == i,
        _ => false,
    };

    private static UVitArchitecture UVit(
        string name, int input, int patch, int channels, int hidden, int depth, int heads, int classes, bool hasNullClass, bool finalConv) => new()
        {
            Name = name,
            InputSize = input,
            PatchSize = patch,
            InChannels = channels,
            HiddenSize = hidden,
            Depth = depth,
            Heads = heads,
            NumClasses = classes,
            HasNullClass = hasNullClass,
            FinalConv = finalConv,
            PixelSpace = channels == 3,
        };
}
