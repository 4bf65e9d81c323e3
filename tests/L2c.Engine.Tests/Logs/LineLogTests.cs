using System.Text.Json;
using L2c.Testing;

namespace L2c.Engine.Tests;

public sealed class LineLogTests : IDisposable
{
    private static readonly string[] _names = ["loss", "reuse/share", "lr"];

    private readonly TemporaryFolder _folder = new();
    private readonly List<string> _remarks = [];

    [Fact]
    public void Numbers_are_the_shortest_that_read_back_as_the_same_float()
    {
        float[] extremes = [float.MaxValue, float.Epsilon, -1.2345679E-38f];
        Write("a.csv", null, (1, [0.1f, 1 / 3f, 1e-6f]), (20, [float.NaN, float.PositiveInfinity, -0f]), (long.MaxValue, extremes));
        Assert.Equal(
            "step,loss,reuse/share,lr\n1,0.1,0.33333334,1E-06\n20,NaN,Infinity,-0\n9223372036854775807,3.4028235E+38,1E-45,-1.2345679E-38\n",
            File.ReadAllText(_folder.File("a.csv")));
        Write("a.jsonl", null, (1, [0.1f, 1 / 3f, 1e-6f]), (20, [float.NaN, float.NegativeInfinity, 5]));
        string[] lines = File.ReadAllLines(_folder.File("a.jsonl"));
        Assert.Equal("""{"step":1,"loss":0.1,"reuse/share":0.33333334,"lr":1E-06}""", lines[0]);
        Assert.Equal("""{"step":20,"loss":null,"reuse/share":null,"lr":5}""", lines[1]);
        Assert.Equal(1 / 3f, JsonElement.Parse(lines[0]).GetProperty("reuse/share").GetSingle());
    }

    [Theory]
    [InlineData("log.csv")]
    [InlineData("log.jsonl")]
    public void A_resumed_log_has_the_bytes_of_an_undisturbed_one(string name)
    {
        (long, float[])[] all = [.. Enumerable.Range(1, 40).Select(i => (3L * i, RandomData.Normal(i, 3)))];
        Write("undisturbed-" + name, null, all);
        byte[] expected = File.ReadAllBytes(_folder.File("undisturbed-" + name));

        // Killed at any byte, resumed behind a step that was complete by then.
        for (int length = 0; length <= expected.Length; length += 7)
        {
            File.WriteAllBytes(_folder.File(name), expected[..length]);
            int complete = Math.Max(0, expected.AsSpan(0, length).Count((byte)'\n') - (name == "log.csv" ? 1 : 0));
            int kept = complete / 2;
            long last = kept == 0 ? 0 : (3 * kept) + (length % 3); // the checkpoint may lie between two entries
            Write(name, last, all[kept..]);
            Assert.Equal(expected, File.ReadAllBytes(_folder.File(name)));
        }
    }

    [Theory]
    [InlineData("log.csv")]
    [InlineData("log.jsonl")]
    public void What_is_no_log_of_these_figures_is_kept_beside_it(string name)
    {
        string header = name == "log.csv" ? "step,loss,reuse/share,lr\n" : "";
        Write(name, null, (1, [1, 2, 3]), (2, [1, 2, 3]));
        string before = File.ReadAllText(_folder.File(name));

        // The lines before the first that cannot be understood stay in the log, as far as the run has come.
        File.AppendAllText(_folder.File(name), "nonsense\n");
        Write(name, 2);
        Assert.Equal(before, File.ReadAllText(_folder.File(name)));
        Assert.Equal(before + "nonsense\n", File.ReadAllText(_folder.File(name + ".aside-1")));
        Assert.Contains($"line {(header.Length > 0 ? 4 : 3)} ", Assert.Single(_remarks), StringComparison.Ordinal);

        // Other figures: nothing of it is this log's.
        Open(name, ["loss", "lr", "reuse/share"], 2).Dispose();
        Assert.Equal(before, File.ReadAllText(_folder.File(name + ".aside-2")));
        Assert.DoesNotContain("1", File.ReadAllText(_folder.File(name)), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("log.csv", 2, "notes without an end of line")]
    [InlineData("log.csv", null, "notes without an end of line")]
    [InlineData("log.jsonl", 2, "notes without an end of line")]
    [InlineData("log.jsonl", null, "notes without an end of line")]
    [InlineData("log.csv", 2, "step,loss,reuse/share,lr\n1,1,2,3\n2,1,2,3")] // of a step that the state has
    [InlineData("log.jsonl", 2, "{\"step\":2,\"loss\":1,\"reuse/share\":2,\"lr\":3}")]
    [InlineData("log.csv", 2, "step,loss,reuse/share,lr\n1,1,2,3\n9,1,2,3\nnonsense\n")] // behind lines that go
    [InlineData("log.csv", null, "step,loss,reuse/share,lr\n1,1,2,3\n9,1,2,3\nnonsense\n")]
    [InlineData("log.csv", 2, "step,loss,reuse/share,lr\n1,1,2,3\n\0\0\0\0")] // what a power failure leaves
    public void What_cannot_be_understood_is_copied_before_it_is_cut(string name, int? resumeAfter, string content)
    {
        File.WriteAllText(_folder.File(name), content);
        Open(name, _names, resumeAfter).Dispose();
        Assert.Equal(content, File.ReadAllText(_folder.File(name + ".aside-1")));
        Assert.Single(_remarks);
    }

    [Theory]
    [InlineData("log.csv")]
    [InlineData("log.jsonl")]
    [InlineData("events")]
    public void Nothing_is_written_through_links(string name)
    {
        string elsewhere = _folder.File("elsewhere"), path = _folder.File(name);
        if (name == "events")
        {
            Directory.CreateDirectory(elsewhere);
            File.CreateSymbolicLink(path, elsewhere);
            Assert.Contains(name, Assert.Throws<IOException>(() => Open(name, _names, 1)).Message, StringComparison.Ordinal);
            Assert.Empty(Directory.GetFiles(elsewhere));
            return;
        }

        File.WriteAllText(elsewhere, "precious");
        File.CreateSymbolicLink(path, elsewhere);
        Assert.Contains("is a link", Assert.Throws<IOException>(() => Open(name, _names, 1)).Message, StringComparison.Ordinal);
        Assert.Contains("is a link", Assert.Throws<IOException>(() => Open(name, _names, null)).Message, StringComparison.Ordinal);
        Assert.Equal("precious", File.ReadAllText(elsewhere));
        File.Delete(elsewhere);
        Assert.Throws<IOException>(() => Open(name, _names, null));
        Assert.False(File.Exists(elsewhere));
    }

    [Fact]
    public void Every_line_is_in_the_file_at_once_and_costs_no_allocation()
    {
        foreach (string name in (string[])["live.csv", "live.jsonl", "live"])
        {
            using ITrainingLog log = Open(name, _names, null);
            float[] values = [1.5f, 2, 3];
            log.Write(1, values);
            string path = name == "live" ? Directory.GetFiles(_folder.File(name)).Single() : _folder.File(name);
            long length = new FileInfo(path).Length;
            long before = GC.GetAllocatedBytesForCurrentThread();
            log.Write(2, values);
            Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
            Assert.True(new FileInfo(path).Length > length);
            Assert.Throws<ArgumentOutOfRangeException>(() => log.Write(3, [1]));
        }
    }

    [Fact]
    public void Names_and_extensions_are_checked()
    {
        Assert.Throws<ArgumentException>(() => Open("a.csv", ["a,b"], null));
        Assert.Contains(".jsonl", Assert.Throws<RequestException>(() => Open("a.txt", _names, null)).Message, StringComparison.Ordinal);
        Assert.Throws<IOException>(() => Open("missing/a.csv", _names, null));
        Write("new.csv", 5, (6, [1, 2, 3])); // a log may begin on resuming
        Assert.Equal("step,loss,reuse/share,lr\n6,1,2,3\n", File.ReadAllText(_folder.File("new.csv")));
    }

    public void Dispose() => _folder.Dispose();

    private ITrainingLog Open(string name, string[] names, long? resumeAfter) =>
        TrainingLog.Open(_folder.File(name), names, resumeAfter, _remarks.Add);

    private void Write(string name, long? resumeAfter, params (long Step, float[] Values)[] entries)
    {
        using ITrainingLog log = Open(name, _names, resumeAfter);
        foreach ((long step, float[] values) in entries)
        {
            log.Write(step, values);
        }

        log.Flush();
    }
}
