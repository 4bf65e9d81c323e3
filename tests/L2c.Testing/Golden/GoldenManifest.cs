using System.Text.Json;

namespace L2c.Testing.Golden;

/// <summary>The manifest of the recorded data: which files there are and how each is checked.</summary>
public static class GoldenManifest
{
    /// <summary>The folder in use: the recorded set where there is one, else the subset committed with the tests.</summary>
    public static string Folder { get; } = RepositoryPaths.Goldens
        ?? Path.Combine(RepositoryPaths.Root ?? AppContext.BaseDirectory, "tests", "fixtures", "goldens");

    /// <summary>Whether only the committed subset is there.</summary>
    public static bool IsSubset => RepositoryPaths.Goldens is null;

    /// <summary>All files of the manifest, in its order.</summary>
    public static IReadOnlyList<GoldenCase> Cases { get; } = Load();

    /// <summary>The case of that file name.</summary>
    public static GoldenCase Find(string file) => Cases.Single(c => c.File == file);

    private static GoldenCase[] Load()
    {
        using JsonDocument manifest = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(Folder, "manifest.json")));
        return [.. manifest.RootElement.GetProperty("files").EnumerateObject().Select(f => new GoldenCase(f.Name, Folder, f.Value.Clone()))];
    }
}
