using System.Globalization;
using System.IO.Compression;
using L2c.Testing;
using L2c.Weights.Layouts;

namespace L2c.Weights.Tests.Layouts;

public sealed class RouterFileTests
{
    private const string LoadAndPrint = """
        import sys, torch
        d = torch.load(sys.argv[1], weights_only=True)
        routers = d["routers"] if "routers" in d else d
        assert list(d) == (["routers"] if "routers" in d else list(routers)), list(d)
        for name, tensor in routers.items():
            assert tensor.dtype == torch.float32 and tensor.is_contiguous() and not tensor.requires_grad
            print(name, tuple(tensor.shape), *[v.hex() for v in tensor.double().tolist()])
        """;

    [Theory]
    [InlineData(RouterTarget.Dit, 20, 56)]
    [InlineData(RouterTarget.UVit, 3, 58)]
    public void Both_forms_are_read_back_and_have_equal_bytes_for_equal_logits(RouterTarget target, int evaluations, int branches)
    {
        using TemporaryFolder folder = new();
        RouterLogits router = Router(target, evaluations, branches);
        Action<string, RouterLogits, bool>[] writers = [RouterFile.WritePublished, RouterFile.WriteSafetensors];
        foreach (Action<string, RouterLogits, bool> write in writers)
        {
            string path = folder.File("a"), other = folder.File("another-name.pt");
            write(path, router, true);
            write(other, router, true);
            Assert.Equal(File.ReadAllBytes(path), File.ReadAllBytes(other));
            using TensorFile file = TensorFiles.Open(path);
            RouterLogits read = RouterLogits.Load(file);
            Assert.Equal(router.Values, read.Values);
            Assert.Equal((target, evaluations, branches), (read.Architecture.Target, read.Architecture.Evaluations, read.Architecture.Branches));
            Assert.Throws<IOException>(() => write(path, router, false));
        }
    }

    [Fact]
    public void The_canonical_form_keeps_the_name_and_the_published_form_its_nest()
    {
        using TemporaryFolder folder = new();
        RouterLogits router = Router(RouterTarget.Dit, 2, 8);
        RouterFile.WriteSafetensors(folder.File("a.safetensors"), router, false);
        RouterFile.WritePublished(folder.File("a.pt"), router, false);
        using TensorFile canonical = TensorFiles.Open(folder.File("a.safetensors")), published = TensorFiles.Open(folder.File("a.pt"));
        Assert.Equal(router.Architecture, RouterLogits.Load(canonical).Architecture);
        Assert.Equal(["routers.0.prob", "routers.1.prob"], published.Tensors.Select(t => t.Name));
    }

    [Theory]
    [InlineData(RouterTarget.Dit, 20, 56)]
    [InlineData(RouterTarget.UVit, 50, 58)]
    public void PyTorch_loads_the_published_form_with_weights_only(RouterTarget target, int evaluations, int branches)
    {
        Assert.SkipUnless(Python.Has("torch"), "Debian's python3-torch is not installed");
        using TemporaryFolder folder = new();
        RouterLogits router = Router(target, evaluations, branches);
        RouterFile.WritePublished(folder.File("router.pt"), router, false);
        string[] rows = Python.Run(LoadAndPrint, folder.File("router.pt")).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(evaluations, rows.Length);
        for (int e = 0; e < evaluations; e++)
        {
            Assert.StartsWith($"{e}.prob ({branches},) ", rows[e], StringComparison.Ordinal);
            float[] values = [.. rows[e].Split(") ")[1].Split(' ').Select(Hexadecimal)];
            Assert.Equal(router.Row(e), values);
        }
    }

    [Fact]
    public void Entries_are_stored_aligned_and_checksummed()
    {
        using TemporaryFolder folder = new();
        string path = folder.File("router.pt");
        RouterFile.WritePublished(path, Router(RouterTarget.Dit, 12, 8), false);
        byte[] bytes = File.ReadAllBytes(path);
        using ZipArchive zip = ZipFile.OpenRead(path);
        Assert.Equal(
            ["archive/data.pkl", "archive/byteorder", .. Enumerable.Range(0, 12).Select(i => $"archive/data/{i}"), "archive/version"],
            zip.Entries.Select(e => e.FullName));
        foreach (ZipArchiveEntry entry in zip.Entries)
        {
            using MemoryStream content = new();
            using Stream stored = entry.Open();
            stored.CopyTo(content);
            int at = bytes.AsSpan().IndexOf(content.ToArray());
            Assert.Equal(entry.Length, entry.CompressedLength);
            Assert.True(at > 0 && (entry.Length < 16 || at % 64 == 0), $"{entry.FullName} at {at}");
        }
    }

    [Fact]
    public void A_flipped_bit_is_noticed_and_impossible_routers_are_refused()
    {
        using TemporaryFolder folder = new();
        string path = folder.File("router.pt");
        RouterLogits router = Router(RouterTarget.Dit, 2, 8);
        RouterFile.WritePublished(path, router, false);
        byte[] bytes = File.ReadAllBytes(path);
        int logits = bytes.AsSpan().IndexOf(System.Runtime.InteropServices.MemoryMarshal.AsBytes(router.Row(1)));
        bytes[logits] ^= 1;
        Assert.Throws<MalformedFileException>(() => RouterLogits.Load(Reading.Open(bytes)));

        Assert.Throws<ArgumentException>(() => RouterFile.WritePublished(folder.File("b"), router with { Values = new float[3] }, false));
        float[] notFinite = [float.NaN, .. new float[15]];
        Assert.Throws<ArgumentException>(() => RouterFile.WriteSafetensors(folder.File("b"), router with { Values = notFinite }, false));
        Assert.Equal(["router.pt"], folder.Files);
    }

    private static RouterLogits Router(RouterTarget target, int evaluations, int branches)
    {
        float[] values = RandomData.Normal(17, evaluations * branches);
        (values[0], values[1], values[2]) = (-5, float.Epsilon, MathF.BitIncrement(5));
        return new RouterLogits(
            new RouterShape { Name = "a router of ours", Target = target, Evaluations = evaluations, Branches = branches }, values);
    }

    /// <summary>Reads Python's float.hex(), as -0x1.8p-3.</summary>
    private static float Hexadecimal(string text)
    {
        string[] parts = text.TrimStart('-').Replace("0x", "", StringComparison.Ordinal).Split('p');
        string[] digits = parts[0].Split('.');
        long mantissa = long.Parse(digits[0] + digits[1], NumberStyles.HexNumber, CultureInfo.InvariantCulture);
        int exponent = int.Parse(parts[1], CultureInfo.InvariantCulture) - (4 * digits[1].Length);
        return (float)((text[0] == '-' ? -1 : 1) * mantissa * Math.Pow(2, exponent));
    }
}
