using L2c.Testing;
using L2c.Testing.Golden;

namespace L2c.Model.Tests;

/// <summary>Files that tests read: committed fixtures, and recordings of the published code.</summary>
internal static class TestData
{
    /// <summary>A file under tests/fixtures.</summary>
    public static string Fixture(string name) => Path.Combine(
        RepositoryPaths.Root ?? throw new InvalidOperationException($"L2c.sln is not above {AppContext.BaseDirectory}"), "tests", "fixtures", name);

    /// <summary>A recorded file; the test skips where it is absent.</summary>
    public static string Golden(string name)
    {
        string path = Path.Combine(GoldenManifest.Folder, name);
        Assert.SkipUnless(File.Exists(path), $"no recording {name} in {GoldenManifest.Folder}");
        return path;
    }
}
