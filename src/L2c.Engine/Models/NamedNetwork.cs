using System.Globalization;
using System.Text.RegularExpressions;
using L2c.Weights;
using L2c.Weights.Layouts;

namespace L2c;

/// <summary>Networks by name: published ones and sizes as 12x192x3/2 or U-ViT-12x192x3/2. Nothing is read.</summary>
public static partial class NamedNetwork
{
    /// <summary>Pixels of a side per latent cell.</summary>
    private const int PixelsPerCell = 8;

    private const int DefaultImageSize = 256;

    /// <summary>Finds a published network, at its resolution or another, or makes one of the given sizes.</summary>
    /// <param name="name">As <c>DiT-S/2</c> or <c>DiT-XL/2 512</c>; or depth x hidden width x heads / patch, of a
    /// DiT as <c>12x192x3/2</c>, of a U-ViT as <c>U-ViT-12x192x3/2</c>.</param>
    /// <param name="imageSize">Side in pixels; null for that of the name, otherwise 256.</param>
    /// <exception cref="RequestException">Unknown, or sizes that make no network.</exception>
    public static TransformerArchitecture Find(string name, int? imageSize)
    {
        if (imageSize % PixelsPerCell > 0)
        {
            throw new RequestException($"--image-size {imageSize}: a latent cell is {PixelsPerCell} pixels wide; give a multiple of {PixelsPerCell}");
        }

        return RequireUsable(
            PublishedModels.Find(name) is { } published ? Resize(published, imageSize) : Parse(name, imageSize ?? DefaultImageSize), name);
    }

    /// <summary>The network of a name for other items than latents of 1000 classes.</summary>
    /// <param name="name">As in <see cref="Find"/>; of a published model the sizes of its blocks and patches are taken.</param>
    /// <param name="fit">Sets what depends on the items: name, channels, side, classes.</param>
    /// <exception cref="RequestException">As <see cref="Find"/>.</exception>
    public static TransformerArchitecture FindFor(string name, Func<TransformerArchitecture, TransformerArchitecture> fit) => RequireUsable(
        fit(RequireUsable(PublishedModels.Find(name) ?? Parse(name, DefaultImageSize), name)), name);

    private static TransformerArchitecture RequireUsable(TransformerArchitecture architecture, string name)
    {
        string? problem = architecture.FindProblem();
        return problem is null ? architecture : throw new RequestException($"--model {name}: {problem}; give another network");
    }

    private static TransformerArchitecture Resize(TransformerArchitecture published, int? imageSize) => imageSize is not { } side
        ? published
        : published with { Name = $"{published.Name.Split(' ')[0]} {side}", InputSize = published.PixelSpace ? side : side / PixelsPerCell };

    private static TransformerArchitecture Parse(string name, int imageSize)
    {
        Match sizes = Sizes().Match(name);
        if (!sizes.Success)
        {
            throw new RequestException($"--model {name}: not a published model" + (KnownWords.Nearest(name, PublishedModels.Names) is { } near
                ? $"; did you mean {near}?"
                : "; give one, such as DiT-XL/2, or depth x hidden width x heads / patch, such as 12x192x3/2 or U-ViT-12x192x3/2"));
        }

        (int depth, int hidden, int heads, int patch) = (Number("depth"), Number("hidden"), Number("heads"), Number("patch"));
        bool longSkips = sizes.Groups["skips"].Success;
        return PublishedModels.OfSizes(
            $"{(longSkips ? "U-ViT-" : "")}{depth}x{hidden}x{heads}/{patch} {imageSize}", imageSize, patch, hidden, depth, heads, longSkips);

        int Number(string group) => int.Parse(sizes.Groups[group].ValueSpan, CultureInfo.InvariantCulture);
    }

    [GeneratedRegex("^(?<skips>U-ViT-)?(?<depth>[0-9]{1,5})x(?<hidden>[0-9]{1,5})x(?<heads>[0-9]{1,5})/(?<patch>[0-9]{1,5})$", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Sizes();
}
