using System.Text.Json;
using L2c.Testing;
using L2c.Weights;

namespace L2c.Engine.Tests;

public sealed class LineLogTests : IDisposable
{
    private static readonly string[] _names = ["loss", "reuse/share", "lr"];

    private readonly TemporaryFolder _folder = new();

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
    public void What_is_no_log_of_these_figures_is_refused_and_kept(string name)
    {
        Write(name, null, (1, [1, 2, 3]), (2, [1, 2, 3]));
        byte[] before = File.ReadAllBytes(_folder.File(name));
        MalformedFileException problem = Assert.Throws<MalformedFileException>(() => Open(name, ["loss", "lr"], 1, false));
        Assert.Contains("line 1", problem.Message, StringComparison.Ordinal);
        Assert.Throws<MalformedFileException>(() => Open(name, ["loss", "lr", "reuse/share"], 1, false));
        Assert.Equal(before, File.ReadAllBytes(_folder.File(name)));

        File.AppendAllText(_folder.File(name), "nonsense\n");
        problem = Assert.Throws<MalformedFileException>(() => Open(name, _names, 9, false));
        Assert.Contains(name.EndsWith("csv", StringComparison.Ordinal) ? "line 4" : "line 3", problem.Message, StringComparison.Ordinal);
        Assert.Contains("--force", Assert.Throws<IOException>(() => Open(name, _names, null, false)).Message, StringComparison.Ordinal);
        Open(name, _names, null, true).Dispose();
        Assert.Equal(name.EndsWith("csv", StringComparison.Ordinal) ? "step,loss,reuse/share,lr\n" : "", File.ReadAllText(_folder.File(name)));
    }

    [Fact]
    public void Every_line_is_in_the_file_at_once_and_costs_no_allocation()
    {
        foreach (string name in (string[])["live.csv", "live.jsonl", "live"])
        {
            using ITrainingLog log = Open(name, _names, null, false);
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
        Assert.Throws<ArgumentException>(() => Open("a.csv", ["a,b"], null, false));
        Assert.Contains(".jsonl", Assert.Throws<RequestException>(() => Open("a.txt", _names, null, false)).Message, StringComparison.Ordinal);
        Assert.Throws<IOException>(() => Open("missing/a.csv", _names, null, false));
        Write("new.csv", 5, (6, [1, 2, 3])); // a log may begin on resuming
        Assert.Equal("step,loss,reuse/share,lr\n6,1,2,3\n", File.ReadAllText(_folder.File("new.csv")));
    }

    public void Dispose() => _folder.Dispose();

    private ITrainingLog Open(string name, string[] names, long? resumeAfter, bool overwrite) =>
        TrainingLog.Open(_folder.File(name), names, resumeAfter, overwrite);

    private void Write(string name, long? resumeAfter, params (long Step, float[] Values)[] entries)
    {
        using ITrainingLog log = Open(name, _names, resumeAfter, overwrite: false);
        foreach ((long step, float[] values) in entries)
        {
            log.Write(step, values);
        }

        log.Flush();
    }
}
