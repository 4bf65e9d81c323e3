using System.IO.Compression;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using System.Xml.Linq;
using L2c.Testing;

namespace L2c.Packages.Tests;

/// <summary>What is packed is complete and works in an empty folder outside the repository.</summary>
public sealed class PackageTests(PackedRepository packed) : IClassFixture<PackedRepository>
{
    private static readonly string[] _libraries = ["L2c.Engine", "L2c.Kernels", "L2c.Model", "L2c.Native", "L2c.Weights"];

    [Fact]
    public void Libraries_and_commands_are_packed_and_nothing_else()
    {
        Assert.SkipWhen(packed.Lack is not null, packed.Lack ?? "");
        Assert.Equal(["L2c.Cli", .. _libraries, "L2c.WeightsConverter"], packed.Files.Select(PackedRepository.IdOf));
        Assert.All(packed.Files.Select(PackedRepository.IdOf), id =>
        {
            using ZipArchive package = packed.Open(id);
            XElement metadata = XDocument.Load(package.GetEntry(id + ".nuspec")!.Open()).Root!.Elements().Single();
            XNamespace space = metadata.Name.Namespace;
            Assert.InRange(metadata.Element(space + "description")!.Value.Length, 80, 400);
            Assert.Equal(("Apache-2.0", "README.md"), (metadata.Element(space + "license")!.Value, metadata.Element(space + "readme")!.Value));
            Assert.Contains("learning-to-cache", metadata.Element(space + "tags")!.Value, StringComparison.Ordinal);
            Assert.NotNull(package.GetEntry("README.md"));
        });
    }

    [Fact]
    public void Libraries_carry_documentation_symbols_and_sources_and_no_path_of_this_machine()
    {
        Assert.SkipWhen(packed.Lack is not null, packed.Lack ?? "");
        Assert.SkipUnless(Dotnet.Configuration == "Release", "debug builds keep the paths of their sources");
        Assert.All(_libraries, id =>
        {
            using ZipArchive package = packed.Open(id);
            Assert.Contains("<member name=", ReadText(package, $"lib/net10.0/{id}.xml"), StringComparison.Ordinal);
            using PEReader assembly = new(new MemoryStream(ReadBytes(package, $"lib/net10.0/{id}.dll")));
            DebugDirectoryEntry entry = assembly.ReadDebugDirectory().Single(entry => entry.Type == DebugDirectoryEntryType.EmbeddedPortablePdb);
            using MetadataReaderProvider symbols = assembly.ReadEmbeddedPortablePdbDebugDirectoryData(entry);
            MetadataReader reader = symbols.GetMetadataReader();
            Assert.NotEmpty(reader.Documents);
            Assert.All(reader.Documents, document =>
                Assert.StartsWith("/_/", reader.GetString(reader.GetDocument(document).Name), StringComparison.Ordinal));
            Guid embeddedSource = new("0E8A571B-6926-466E-B4AD-8AB04611F5FE");
            int sources = reader.CustomDebugInformation.Count(info => reader.GetGuid(reader.GetCustomDebugInformation(info).Kind) == embeddedSource);
            Assert.InRange(sources, reader.Documents.Count - 1, reader.Documents.Count);
        });
    }

    [Fact]
    public void The_tool_installs_and_samples_the_demo_model_that_it_brings()
    {
        Assert.SkipWhen(packed.Lack is not null, packed.Lack ?? "");
        string folder = NewFolder("tool");
        string bin = Path.Combine(folder, "bin");
        foreach (string id in (string[])["L2c.Cli", "L2c.WeightsConverter"])
        {
            Dotnet.Run(folder, "tool", "install", id, "--tool-path", bin, "--version", packed.Version(id));
        }

        Dotnet.RunProgram(Path.Combine(bin, "l2c"), folder, "sample", "--count", "2", "--steps", "4", "--device", "cpu", "--out", "two.png");
        MustBePicture(Path.Combine(folder, "two.png"));
        Assert.Contains(packed.Version("L2c.WeightsConverter"), Dotnet.RunProgram(Path.Combine(bin, "weights-converter"), folder, "--version"));
        using ZipArchive tool = packed.Open("L2c.Cli");
        string[] files = [.. tool.Entries.Select(entry => entry.FullName)];
        Assert.Contains("tools/net10.0/any/licences/LICENSE-DejaVuSans.txt", files);
        Assert.Contains("tools/net10.0/any/licences/SkiaSharp/LICENSE.txt", files);
        foreach (string platform in (string[])["linux-x64", "linux-arm64", "linux-musl-x64", "osx", "win-x64", "win-arm64"])
        {
            Assert.Contains(files, file => file.StartsWith($"tools/net10.0/any/runtimes/{platform}/native/libSkiaSharp.", StringComparison.Ordinal));
        }
    }

    [Fact]
    public void The_notices_name_every_package_whose_files_the_tools_carry()
    {
        Assert.SkipWhen(packed.Lack is not null, packed.Lack ?? "");
        string notices = File.ReadAllText(Path.Combine(RepositoryPaths.Root!, "THIRD-PARTY-NOTICES.md"));
        foreach (string id in (string[])["L2c.Cli", "L2c.WeightsConverter"])
        {
            using ZipArchive tool = packed.Open(id);
            string[] assemblies = [.. tool.Entries.Where(entry => entry.FullName.EndsWith(".dll", StringComparison.Ordinal))
                .Select(entry => Path.GetFileNameWithoutExtension(entry.Name))
                .Where(name => !name.StartsWith("L2c.", StringComparison.Ordinal) && !name.StartsWith("lib", StringComparison.Ordinal))
                .Except(["l2c", "weights-converter"])];
            Assert.NotEmpty(assemblies);
            Assert.All(assemblies, name => Assert.Contains(name, notices, StringComparison.Ordinal));
        }
    }

    [Fact]
    public void A_program_with_the_library_runs_and_is_published_with_the_demo_model()
    {
        Assert.SkipWhen(packed.Lack is not null, packed.Lack ?? "");
        string folder = NewFolder("program");
        WriteProject(folder, "program", exe: true, Reference());
        WriteExample(folder);
        Dotnet.Run(folder, "publish", "-o", "out");
        Run(Path.Combine(folder, "bin", "Release", "net10.0"));
        Run(Path.Combine(folder, "out"));

        void Run(string at)
        {
            Assert.Contains(" of 160 branches reused", Dotnet.Run(at, "program.dll"), StringComparison.Ordinal);
            MustBePicture(Path.Combine(at, "sample.png"));
        }
    }

    [Fact]
    public void The_demo_model_also_reaches_a_program_whose_library_uses_ours()
    {
        Assert.SkipWhen(packed.Lack is not null, packed.Lack ?? "");
        string folder = NewFolder("chain");
        string inner = Path.Combine(folder, "inner"), outer = Path.Combine(folder, "outer");
        WriteProject(inner, "inner", exe: false, Reference());
        WriteProject(outer, "outer", exe: true, new XElement("ProjectReference", new XAttribute("Include", "../inner/inner.csproj")));
        WriteExample(outer);
        Dotnet.Run(outer, "publish", "-o", "out");
        Assert.Contains("sample.png", Dotnet.Run(outer, "out/outer.dll"), StringComparison.Ordinal);
        Assert.Equal(2, Directory.EnumerateFiles(Path.Combine(outer, "out", "models")).Count());
    }

    private static void WriteProject(string folder, string name, bool exe, XElement reference)
    {
        Directory.CreateDirectory(folder);
        XElement properties = new(
            "PropertyGroup",
            new XElement("TargetFramework", "net10.0"),
            new XElement("ImplicitUsings", "enable"),
            exe ? new XElement("OutputType", "Exe") : null);
        new XElement("Project", new XAttribute("Sdk", "Microsoft.NET.Sdk"), properties, new XElement("ItemGroup", reference))
            .Save(Path.Combine(folder, name + ".csproj"));
    }

    private static void WriteExample(string folder) =>
        File.Copy(Path.Combine(RepositoryPaths.Root!, "examples", "sample", "Program.cs"), Path.Combine(folder, "Program.cs"));

    private static void MustBePicture(string path) => Assert.InRange(PngDecoder.Decode(File.ReadAllBytes(path)).Width, 100, 1000);

    private static byte[] ReadBytes(ZipArchive package, string entry)
    {
        using Stream stream = package.GetEntry(entry)!.Open();
        using MemoryStream bytes = new();
        stream.CopyTo(bytes);
        return bytes.ToArray();
    }

    private static string ReadText(ZipArchive package, string entry) => System.Text.Encoding.UTF8.GetString(ReadBytes(package, entry));

    private XElement Reference() =>
        new("PackageReference", new XAttribute("Include", "L2c.Engine"), new XAttribute("Version", packed.Version("L2c.Engine")));

    private string NewFolder(string name) => Directory.CreateDirectory(Path.Combine(packed.Folder, name)).FullName;
}
