using System.Text.RegularExpressions;
using L2c.Testing;

namespace L2c.Weights.Tests;

/// <summary>Whatever the program reads passes <see cref="ByteSource"/>, which refuses pipes and devices: no other source has the calls of .NET.</summary>
public partial class OneWayToReadTests
{
    // What is no file of a user: what the kernel tells of the machine, and the program's own cache.
    private static readonly string[] _others =
    [
        "src/Kernels/Cuda/DiskCache.cs",
        "src/Kernels/Devices/CacheSizes.cs",
        "src/L2c.Engine/Devices/CpuInfo.cs",
        "src/L2c.Weights/Memory/SystemFile.cs",
        "src/L2c.Weights/RegularFile.cs",
        "src/L2c.Weights/Storage/FileSystem.cs",
    ];

    [Fact]
    public void No_other_code_opens_a_file_for_reading()
    {
        string root = RepositoryPaths.Root ?? "";
        Assert.SkipUnless(Directory.Exists(Path.Combine(root, "src")), "the tests run outside a checkout");
        string[] readers =
        [
            .. ((string[])["src", "tools"])
                .SelectMany(folder => Directory.EnumerateFiles(Path.Combine(root, folder), "*.cs", SearchOption.AllDirectories))
                .Where(path => Opening().IsMatch(File.ReadAllText(path)))
                .Select(path => Path.GetRelativePath(root, path).Replace('\\', '/')),
        ];
        Assert.Contains("src/L2c.Weights/RegularFile.cs", readers);
        Assert.Empty(readers.Except(_others));
    }

    [GeneratedRegex(@"\bFile\.(Open(Read|Text|Handle)?|ReadAll\w+|ReadLines(Async)?)\(|\bnew StreamReader\(|\bFileMode\.Open\b")]
    private static partial Regex Opening();
}
