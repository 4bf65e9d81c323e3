namespace L2c.Model.Tests;

/// <summary>Where test data lies: committed fixtures, and recordings of the published code beside the repository where there are any.</summary>
internal static class TestData
{
    public static string Fixture(string name) => Path.Combine(RepositoryRoot(), "tests", "fixtures", name);

    /// <summary>A file of the folder L2C_GOLDENS, default ../shared/goldens; the test skips where it is absent.</summary>
    public static string Golden(string name)
    {
        string folder = Environment.GetEnvironmentVariable("L2C_GOLDENS")
            ?? Path.Combine(RepositoryRoot(), "..", "shared", "goldens");
        string path = Path.Combine(folder, name);
        Assert.SkipUnless(File.Exists(path), $"no recording {name}; set L2C_GOLDENS to its folder");
        return path;
    }

    private static string RepositoryRoot()
    {
        DirectoryInfo? folder = new(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "L2c.sln")))
        {
            folder = folder.Parent;
        }

        return folder?.FullName ?? throw new InvalidOperationException($"L2c.sln is not above {AppContext.BaseDirectory}");
    }
}
