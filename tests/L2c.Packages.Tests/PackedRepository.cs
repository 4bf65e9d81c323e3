using System.IO.Compression;
using System.Text.Json;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using L2c.Testing;

namespace L2c.Packages.Tests;

/// <summary>The packages of this checkout in a folder outside it, which is the only source of packages there. What they depend on is taken from where the
/// build took it, so nothing is downloaded; what is unpacked stays in the folder.</summary>
public sealed partial class PackedRepository : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public PackedRepository()
    {
        Lack = FindLack();
        if (Lack is not null)
        {
            return;
        }

        Dotnet.Run(
            RepositoryPaths.Root!, "pack", Path.Combine(RepositoryPaths.Root!, "L2c.sln"), "--no-build", "-c", Dotnet.Configuration, "-o", Feed, "-v", "q");
        Files = [.. Directory.EnumerateFiles(Feed, "*.nupkg").Order(StringComparer.Ordinal)];
        WriteConfiguration();
    }

    /// <summary>Why nothing can be packed and installed here; null where it can.</summary>
    public string? Lack { get; }

    /// <summary>An empty folder outside the repository but for NuGet.config and the packages.</summary>
    public string Folder => _folder.Path;

    /// <summary>The packages.</summary>
    public IReadOnlyList<string> Files { get; } = [];

    private string Feed => _folder.File("feed");

    /// <summary>The version of a package.</summary>
    public string Version(string id) => Name().Match(Path.GetFileName(PathOf(id))).Groups["version"].Value;

    /// <summary>Opens a package.</summary>
    public ZipArchive Open(string id) => ZipFile.OpenRead(PathOf(id));

    /// <summary>A package's id from its path.</summary>
    public static string IdOf(string path) => Name().Match(Path.GetFileName(path)).Groups["id"].Value;

    /// <inheritdoc/>
    public void Dispose() => _folder.Dispose();

    [GeneratedRegex(@"^(?<id>.+?)\.(?<version>\d+\.\d+\..+)\.nupkg$")]
    private static partial Regex Name();

    private static string? FindLack()
    {
        if (RepositoryPaths.Root is not { } root || !File.Exists(Path.Combine(root, "L2c.sln")))
        {
            return "needs a checkout of the repository";
        }

        if (!Dotnet.HasSdk)
        {
            return "needs a .NET SDK";
        }

        (string[] folders, string[] packages) = Built();
        return Array.Find(packages, package => !folders.Any(folder => Directory.Exists(Path.Combine(folder, package)))) is { } missing
            ? $"needs the package {missing} in {string.Join(" or ", folders)}: restore the solution"
            : null;
    }

    /// <summary>Where the library's packages came from when it was restored, and the folders of each in there.</summary>
    private static (string[] Folders, string[] Packages) Built()
    {
        string path = Path.Combine(RepositoryPaths.Root!, "src", "L2c.Engine", "obj", "project.assets.json");
        JsonElement assets = JsonElement.Parse(File.ReadAllText(path));
        return (
            [.. assets.GetProperty("packageFolders").EnumerateObject().Select(folder => folder.Name)],
            [.. assets.GetProperty("libraries").EnumerateObject().Where(library => library.Value.GetProperty("type").GetString() == "package")
                .Select(library => library.Value.GetProperty("path").GetString()!)]);
    }

    private string PathOf(string id) => Files.Single(file => IdOf(file) == id);

    // What a person's own configuration says of sources does not count.
    private void WriteConfiguration() => new XElement(
        "configuration",
        Section("config", ("globalPackagesFolder", _folder.File("packages"))),
        Section("packageSources", ("local", Feed)),
        Section("disabledPackageSources"),
        Section("packageSourceMapping"),
        Section("fallbackPackageFolders", [.. Built().Folders.Select((folder, i) => ($"built{i}", folder))])).Save(_folder.File("NuGet.config"));

    private static XElement Section(string name, params (string Key, string Value)[] entries) => new(
        name,
        new XElement("clear"),
        entries.Select(entry => new XElement("add", new XAttribute("key", entry.Key), new XAttribute("value", entry.Value))));
}
