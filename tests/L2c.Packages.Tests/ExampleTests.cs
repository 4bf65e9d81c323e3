using System.Text.Json;
using L2c.Testing;

namespace L2c.Packages.Tests;

/// <summary>The programs of <c>examples</c>, which the solution builds.</summary>
public sealed class ExampleTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private static string Examples => Path.Combine(RepositoryPaths.Root!, "examples");

    [Fact]
    public void There_are_five_in_the_solution_of_at_most_25_lines_each()
    {
        string solution = File.ReadAllText(Path.Combine(RepositoryPaths.Root!, "L2c.sln"));
        string[] names = [.. Directory.EnumerateFiles(Examples, "*.csproj", SearchOption.AllDirectories).Select(Path.GetFileNameWithoutExtension).Order()!];
        Assert.Equal(["profile", "rule", "sample", "schedule", "train-router"], names);
        Assert.All(names, name =>
        {
            Assert.Contains($@"examples\{name}\{name}.csproj", solution, StringComparison.Ordinal);
            Assert.InRange(File.ReadAllLines(Path.Combine(Examples, name, "Program.cs")).Length, 5, 25);
        });
    }

    [Fact]
    public void Sample_draws_eight_pictures()
    {
        string[] lines = Run("sample");
        Assert.Matches(@"^sample\.png: 8 images in \d+ ms on \S", lines[0]);
        Assert.Matches(@"^[1-9]\d of 160 branches reused, [1-9]\d\.\d % of the MACs saved$", lines[1]);
        MustShowSomething("sample.png");
    }

    [Fact]
    public void Schedule_prints_what_it_means_draws_with_it_and_keeps_it()
    {
        string[] lines = Run("schedule");
        Assert.Equal("   1 cache   ####......######", lines[1]);
        Assert.Matches(@"^schedule\.png: 34 branches reused, [\d.]+ % of the MACs saved$", lines[10]);
        MustShowSomething("schedule.png");
        JsonElement schedule = JsonElement.Parse(File.ReadAllText(_folder.File("schedule.json")));
        Assert.Equal(("l2c-schedule/1", 10), (schedule.GetProperty("format").GetString(), schedule.GetProperty("evaluations").GetArrayLength()));
        Assert.Equal("1010101010101010", schedule.GetProperty("evaluations")[6].GetProperty("compute").GetString());
    }

    [Fact]
    public void Rule_compares_its_own_rule_with_others()
    {
        string[] lines = Run("rule");
        Assert.Collection(
            lines,
            own => Assert.Matches(@"^34\.0 % of the MACs saved, relative L2 0\.[1-9]\d*: fading$", own),
            rule => Assert.Matches(@"^24\.5 % of the MACs saved, relative L2 0\.0[1-9]\d: top:4$", rule),
            router => Assert.Matches(@"^[1-9]\d\.\d % of the MACs saved, relative L2 0\.0[1-9]\d: router shapes-dit8-router20\.safetensors, ", router));
    }

    [Fact]
    public void Profile_lists_ops_and_writes_a_trace()
    {
        string[] lines = Run("profile");
        Assert.Matches(@"^8 images, 20 evaluations: [\d.]+ ms on \S", lines[0]);
        Assert.Equal(8, lines.Count(line => line.Contains(" ms ", StringComparison.Ordinal) && line.Contains('%', StringComparison.Ordinal)));
        Assert.Contains(lines, line => line.EndsWith("Linear, mlp", StringComparison.Ordinal));
        JsonElement trace = JsonElement.Parse(File.ReadAllText(_folder.File("trace.json")));
        Assert.InRange(trace.GetProperty("traceEvents").GetArrayLength(), 500, 10_000);
    }

    [Fact]
    public void Train_router_trains_one_and_samples_with_it()
    {
        string[] lines = Run("train-router", "3");
        Assert.Matches(@"^3 steps of \d+ ms, loss \d\.\d+, \d+\.\d % of the branches reused$", lines[0]);
        Assert.True(new FileInfo(_folder.File("router/router.safetensors")).Length > 1000);
        MustShowSomething("router.png");
    }

    public void Dispose() => _folder.Dispose();

    private string[] Run(string name, params string[] args)
    {
        string program = Path.Combine(Examples, name, "bin", Dotnet.Configuration, "net10.0", name + ".dll");
        return Dotnet.Run(_folder.Path, [program, .. args]).Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }

    private void MustShowSomething(string name)
    {
        PngDecoder png = PngDecoder.Decode(File.ReadAllBytes(_folder.File(name)));
        Assert.InRange(png.Pixels.Chunk(3).Select(p => (p[0], p[1], p[2])).Distinct().Count(), 500, 200_000);
    }
}
