namespace L2c.Testing.Tests;

public sealed class RepositoryPathsTests
{
    [Fact]
    public void The_checkout_is_found()
    {
        Assert.SkipWhen(RepositoryPaths.Root is null, "published tests run outside a checkout");
        Assert.True(File.Exists(Path.Combine(RepositoryPaths.Root!, "Directory.Packages.props")));
    }

    [Fact]
    public void Recorded_data_is_where_its_paths_say()
    {
        Assert.SkipWhen(RepositoryPaths.Goldens is null, "no recorded data: set L2C_GOLDENS");
        Assert.True(File.Exists(Path.Combine(RepositoryPaths.Goldens!, "manifest.json")));
    }
}
