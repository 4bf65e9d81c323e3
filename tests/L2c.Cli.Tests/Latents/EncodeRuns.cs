using L2c.Testing;

namespace L2c.Cli.Tests.Latents;

/// <summary>A tiny autoencoder, pictures, and runs that encode these by that in this process.</summary>
internal sealed class EncodeRuns : IDisposable
{
    private readonly string _vae;

    public EncodeRuns(CudaAccess? cuda = null)
    {
        Cli = new CliRunner { Cuda = cuda ?? EmulatedCuda.Missing };
        _vae = TinyModel.Write(Cli.PathOf("vae.safetensors"), TinyModel.Autoencoder);
    }

    public CliRunner Cli { get; }

    /// <summary>Copies recorded pictures of all kinds, cycled to as many as asked for, into a folder.</summary>
    public void Pictures(string folder, int count)
    {
        IEnumerable<string> files = Directory.EnumerateFiles(Fixtures()).Where(path => Path.GetExtension(path) != ".safetensors");
        string[] recorded = [.. files.Order(StringComparer.Ordinal)];
        _ = Directory.CreateDirectory(Cli.PathOf(folder));
        for (int i = 0; i < count; i++)
        {
            string picture = recorded[i % recorded.Length];
            File.Copy(picture, Cli.PathOf($"{folder}/{i:00}{Path.GetExtension(picture)}"));
        }
    }

    /// <summary>A truncated JPEG, a text named .png and a picture of one pixel.</summary>
    public void Damaged(string folder)
    {
        File.WriteAllBytes(Cli.PathOf($"{folder}/cut.jpg"), File.ReadAllBytes(Path.Combine(Fixtures(), "half-resolution-colour.jpg"))[..1200]);
        File.WriteAllText(Cli.PathOf($"{folder}/text.png"), "no picture");
        Png($"{folder}/one.png", new RgbImage(1, 1));
    }

    public void Png(string name, RgbImage picture)
    {
        using FileStream file = File.Create(Cli.PathOf(name));
        PngWriter.Write(file, picture, "l2c", "test");
    }

    public string[] Arguments(string pictures, string latents, params string[] more) =>
    [
        "encode", Cli.PathOf(pictures), Cli.PathOf(latents), "--vae", _vae, "--image-size", "32", "--shard-size", "4", "--device", "cpu", .. more,
    ];

    public CliResult Encode(string pictures, string latents, params string[] more) => Cli.Run(Arguments(pictures, latents, more));

    /// <summary>Checks that two folders of latents have the same files with the same bytes.</summary>
    public void AssertSame(string expected, string actual)
    {
        Assert.Equal(Cli.Files(expected), Cli.Files(actual));
        Assert.All(Cli.Files(expected), name => Assert.Equal(Bytes(expected, name), Bytes(actual, name)));

        byte[] Bytes(string folder, string name) => File.ReadAllBytes(Cli.PathOf($"{folder}/{name}"));
    }

    public void Dispose() => Cli.Dispose();

    private static string Fixtures() => Path.Combine(
        RepositoryPaths.Root ?? throw new InvalidOperationException($"L2c.sln is not above {AppContext.BaseDirectory}"),
        "tests", "fixtures", "crops");
}
