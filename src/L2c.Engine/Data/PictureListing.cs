using L2c.Model.Training.Data;
using L2c.Weights;

namespace L2c;

/// <summary>The pictures of a folder in an order that depends on their names alone: class by class, then ordinal by path.</summary>
/// <remarks>A picture is a file named .png, .jpg, .jpeg or .webp, whatever is in it; other files are left out.</remarks>
internal sealed class PictureListing
{
    private static readonly string[] _extensions = [".png", ".jpg", ".jpeg", ".webp"];

    private PictureListing(string folder, string[] classes, (string Path, int Label)[] pictures) =>
        (Folder, Classes, Pictures) = (folder, classes, pictures);

    /// <summary>As it was named.</summary>
    public string Folder { get; }

    /// <summary>Names of the classes in the order of their labels; none where all pictures lie in one folder.</summary>
    public IReadOnlyList<string> Classes { get; }

    /// <summary>The pictures; without classes all have the label 0.</summary>
    public IReadOnlyList<(string Path, int Label)> Pictures { get; }

    /// <summary>Pictures.</summary>
    public int Count => Pictures.Count;

    /// <summary>A folder of folders: a class each, in ordinal order of their names, with pictures at any depth.</summary>
    /// <param name="folder">The folder of the classes' folders.</param>
    /// <param name="cancel">Looked at before every file.</param>
    /// <exception cref="MalformedFileException">There are no classes, or a class has no picture.</exception>
    public static PictureListing OfClasses(string folder, CancellationToken cancel)
    {
        string[] classes = FolderFiles.FoldersIn(folder, cancel: cancel);
        (string Path, int Label)[] pictures =
            [.. classes.SelectMany((path, label) => Named(FolderFiles.Below(path, cancel)).Select(file => (file, label)))];
        int[] without = [.. Enumerable.Range(0, classes.Length).Except(pictures.Select(picture => picture.Label))];
        return classes.Length == 0 || without.Length > 0
            ? throw new MalformedFileException(
                without.Length > 0 ? classes[without[0]] : folder,
                without.Length > 0 ? "has no PNG, JPEG or WebP pictures; remove the folder, or fill it" : "has no folders; make one per class")
            : new PictureListing(folder, [.. classes.Select(path => Path.GetFileName(path))], pictures);
    }

    /// <summary>A folder of classes as <see cref="OfClasses"/>, or of pictures alone.</summary>
    /// <inheritdoc cref="OfClasses"/>
    /// <exception cref="MalformedFileException">There are no pictures, a class has none, or some lie beside the classes' folders.</exception>
    public static PictureListing Of(string folder, CancellationToken cancel)
    {
        string[] here = [.. Named(FolderFiles.In(folder, cancel: cancel))];
        return (here.Length, FolderFiles.FoldersIn(folder, cancel: cancel).Length) switch
        {
            (0, 0) => throw new MalformedFileException(
                folder, "has neither PNG, JPEG or WebP pictures nor folders of them; give a folder of pictures"),
            (0, _) => OfClasses(folder, cancel),
            (_, 0) => new PictureListing(folder, [], [.. here.Select(path => (path, 0))]),
            _ => throw new MalformedFileException(
                here[0], "lies beside folders, each of which is a class; move it into the folder of its class, or the folders elsewhere"),
        };
    }

    /// <summary>What tells a picture from others without reading it; see <see cref="DataName.Line"/>.</summary>
    /// <exception cref="IOException">It cannot be found.</exception>
    public string Line(int picture) => DataName.Line(Folder, Pictures[picture].Path);

    /// <summary>A picture's path below the folder.</summary>
    public string Name(int picture) => Path.GetRelativePath(Folder, Pictures[picture].Path);

    private static IOrderedEnumerable<string> Named(IEnumerable<string> paths) => paths
        .Where(path => _extensions.Contains(Path.GetExtension(path), StringComparer.OrdinalIgnoreCase))
        .Order(StringComparer.Ordinal);
}
