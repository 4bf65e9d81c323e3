using System.Text.RegularExpressions;
using System.Xml.Linq;
using L2c.Testing;

namespace L2c.Model.Tests;

/// <summary>What may know of what: projects of each other, and source files of a family of networks.</summary>
public sealed partial class DependencyTests
{
    // By project of src, what it may refer to.
    private static readonly Dictionary<string, string[]> _allowed = new()
    {
        ["L2c.Native"] = [],
        ["L2c.Weights"] = [],
        ["L2c.Kernels"] = ["L2c.Native"],
        ["L2c.Emulation"] = ["L2c.Native"],
        ["L2c.Emulation.Native"] = ["L2c.Emulation"],
        ["L2c.Model"] = ["L2c.Kernels", "L2c.Weights"],
        ["L2c.Engine"] = ["L2c.Model"],
        ["L2c.Cli"] = ["L2c.Emulation", "L2c.Engine"],
    };

    // Relative to src: where a family may be named, beside the folders of the families and the layouts of checkpoints.
    private static readonly string[] _families = ["L2c.Model/Networks/Dit/", "L2c.Model/Networks/UVit/", "L2c.Weights/Layouts/"];
    private const string Registry = "L2c.Model/Networks/NetworkFamilies.cs";

    private static string Source => Path.Combine(
        RepositoryPaths.Root ?? throw new InvalidOperationException($"L2c.sln is not above {AppContext.BaseDirectory}"), "src");

    [Fact]
    public void Projects_refer_downwards_only()
    {
        Assert.SkipUnless(Directory.Exists(Path.Combine(Source, "L2c.Model")), "the sources are not here");
        string[] projects = Directory.GetFiles(Source, "*.csproj", SearchOption.AllDirectories);
        Assert.Contains(projects, path => Path.GetFileNameWithoutExtension(path) == "L2c.Model");
        foreach (string path in projects)
        {
            string name = Path.GetFileNameWithoutExtension(path);
            Assert.True(_allowed.TryGetValue(name, out string[]? allowed), $"{name} is not in the table of this test");
            IEnumerable<string> references = XDocument.Load(path).Descendants("ProjectReference")
                .Select(reference => Path.GetFileNameWithoutExtension(reference.Attribute("Include")!.Value.Replace('\\', '/')));
            Assert.Empty(references.Except(allowed!).Select(reference => $"{name} refers to {reference}"));
        }
    }

    [Fact]
    public void Only_a_familys_own_files_its_layouts_and_the_registry_name_its_types()
    {
        Assert.SkipUnless(Directory.Exists(Path.Combine(Source, "L2c.Model")), "the sources are not here");
        Dictionary<string, string> texts = Directory.GetFiles(Source, "*.cs", SearchOption.AllDirectories)
            .Select(path => Path.GetRelativePath(Source, path).Replace('\\', '/'))
            .Where(path => !path.Split('/').Intersect(["obj", "bin"]).Any())
            .ToDictionary(path => path, path => File.ReadAllText(Path.Combine(Source, path)));
        HashSet<string> types = [.. texts.Values.SelectMany(text => FamilyTypes().Matches(text)).Select(match => match.Groups["name"].Value)];
        Assert.Superset(new HashSet<string> { "DitArchitecture", "DitModel", "UVitArchitecture", "UVitFamily" }, types);
        Assert.True(Names("L2c.Model/Networks/Dit/DitModel.cs").Any(), "the search finds nothing where there is something");
        Assert.Empty(texts.Keys
            .Where(path => path != Registry && !_families.Any(folder => path.StartsWith(folder, StringComparison.Ordinal)))
            .SelectMany(path => Names(path).Select(name => $"{path} names {name}")));

        IEnumerable<string> Names(string path) => Words().Matches(texts[path]).Select(match => match.Value).Where(types.Contains).Distinct();
    }

    [GeneratedRegex(@"\b(class|record|struct|enum|interface)\s+(?<name>(Dit|UVit)\w*)")]
    private static partial Regex FamilyTypes();

    [GeneratedRegex(@"\b(Dit|UVit)\w+")]
    private static partial Regex Words();
}
