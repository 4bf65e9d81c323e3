namespace L2c.Testing;

/// <summary>Where this checkout and the recorded data beside it are.</summary>
public static class RepositoryPaths
{
    /// <summary>The folder that holds <c>L2c.sln</c>, or <c>L2c.archive</c> at the top of what dev/gpu/pack.sh packs; null elsewhere.</summary>
    public static string? Root { get; } = FindRoot();

    /// <summary>Recorded inputs and outputs of the published code: L2C_GOLDENS, else <c>../shared/goldens</c> beside the checkout; null where neither exists.</summary>
    public static string? Goldens { get; } = Find("L2C_GOLDENS", "goldens");

    /// <summary>The recorded models as torch.save wrote them: L2C_CHECKPOINTS, else <c>../shared/checkpoints</c>; null where neither exists.</summary>
    public static string? Checkpoints { get; } = Find("L2C_CHECKPOINTS", "checkpoints");

    /// <summary>The published router files: L2C_ROUTERS, else <c>../shared/routers</c>; null where neither exists.</summary>
    public static string? Routers { get; } = Find("L2C_ROUTERS", "routers");

    /// <summary>Trained development models: L2C_MODELS, else <c>../shared/models</c>; null where neither exists.</summary>
    public static string? Models { get; } = Find("L2C_MODELS", "models");

    private static string? FindRoot()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "L2c.sln")) || File.Exists(Path.Combine(folder.FullName, "L2c.archive")))
            {
                return folder.FullName;
            }
        }

        return null;
    }

    // A variable that names a missing folder is a mistake of whoever set it: better an exception than silently skipped tests.
    private static string? Find(string variable, string folder)
    {
        if (Environment.GetEnvironmentVariable(variable) is { Length: > 0 } named)
        {
            return Directory.Exists(named) ? named : throw new DirectoryNotFoundException($"{variable}={named}: no such folder");
        }

        string? beside = Root is null ? null : Path.GetFullPath(Path.Combine(Root, "..", "shared", folder));
        return Directory.Exists(beside) ? beside : null;
    }
}
