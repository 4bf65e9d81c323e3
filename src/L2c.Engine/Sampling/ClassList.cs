using System.Globalization;
using L2c.Weights;
using L2c.Weights.Layouts;

namespace L2c;

/// <summary>The classes that images are sampled of, in turn: image i is of entry i mod K, whatever the number of images.</summary>
/// <param name="Classes">Class numbers, K of them.</param>
/// <param name="DefaultCount">Images when the user gives no number.</param>
public sealed record ClassList(IReadOnlyList<int> Classes, int DefaultCount)
{
    // Models with few classes show all of them, several times each.
    private const int FewClasses = 16;
    private const int ImagesPerClass = 8;

    // What DiT's sample.py shows of ImageNet.
    private static readonly int[] _publishedExamples = [207, 360, 387, 974, 88, 979, 417, 279];

    /// <summary>Reads the user's list, or chooses classes that show the model.</summary>
    /// <param name="text">Numbers or names, separated by commas; null for the model's own choice.</param>
    /// <param name="architecture">The model.</param>
    /// <param name="all">Whether the model's own choice is all of its classes.</param>
    /// <exception cref="RequestException">A number is outside the classes, or a name is unknown or stands for several.</exception>
    public static ClassList Choose(string? text, TransformerArchitecture architecture, bool all = false)
    {
        int count = architecture.NumClasses;
        if (count == 0)
        {
            return text is null
                ? new ClassList([0], ImagesPerClass) // read by nothing
                : throw new RequestException($"--classes {text}: {architecture.Name} has no classes; omit --classes");
        }

        if (text is not null)
        {
            int[] listed = [.. text.Split(',').Select(entry => Find(entry.Trim(), architecture))];
            return new ClassList(listed, listed.Length);
        }

        if (count <= FewClasses || all)
        {
            return new ClassList([.. Enumerable.Range(0, count)], count * ImagesPerClass);
        }

        int[] examples = count == 1000 ? _publishedExamples : [.. Enumerable.Range(0, ImagesPerClass)];
        return new ClassList(examples, examples.Length);
    }

    /// <summary>Class of image <paramref name="image"/>.</summary>
    public int Of(int image) => Classes[image % Classes.Count];

    /// <summary>A class as pictures are labelled: its name, its number where the model does not name its classes, nothing where it has none.</summary>
    public static string Label(int label, TransformerArchitecture architecture) => architecture switch
    {
        { NumClasses: 0 } => "",
        { ClassNames.Count: > 0 } => FileText.Printable(architecture.ClassNames[label]),
        _ => string.Create(CultureInfo.InvariantCulture, $"class {label}"),
    };

    private static int Find(string entry, TransformerArchitecture architecture)
    {
        string range = $"{architecture.Name} has the classes 0..{architecture.NumClasses - 1}";
        if (int.TryParse(entry, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int number))
        {
            return number >= 0 && number < architecture.NumClasses
                ? number
                : throw new RequestException($"--classes: there is no class {number}; {range}");
        }

        int[] found = [.. Enumerable.Range(0, architecture.ClassNames.Count)
            .Where(label => string.Equals(architecture.ClassNames[label], entry, StringComparison.OrdinalIgnoreCase))];
        return found switch
        {
            [int only] => only,
            [] when architecture.ClassNames.Count == 0 =>
                throw new RequestException($"--classes: '{entry}' is not a number, and the checkpoint does not name its classes; {range}"),
            [] => throw new RequestException($"--classes: there is no class '{entry}'; {range}, named {SomeNames(architecture)}"
                + KnownWords.DidYouMean(entry, architecture.ClassNames)),
            _ => throw new RequestException($"--classes: '{entry}' names several classes; give one of the numbers {string.Join(", ", found)}"),
        };
    }

    private static string SomeNames(TransformerArchitecture architecture) =>
        string.Join(", ", architecture.ClassNames.Take(FewClasses)) + (architecture.ClassNames.Count > FewClasses ? ", ..." : "");
}
