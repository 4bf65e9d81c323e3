using System.Text;
using System.Text.Json.Nodes;
using L2c.Weights.Layouts;

namespace L2c.Engine.Tests.Pages;

/// <summary>Pages of files from strangers: any value may stand at any place, and a report is written or refused in one line.</summary>
public sealed class HostileInputTests : IDisposable
{
    private const string Parameters = """
        {"version":"0.1.0","model":"m","checkpoint":"m.pt","weights":"ema","sampler":"ddim","steps":"4","eta":0,"grid":"time_uniform","guidance":"published",
        "cfgScale":1.5,"clipDenoised":false,"seed":0,"rng":"l2c","cache":"interval:2","noise":"n.npy","dtype":"fp32","classes":[0,1],"images":2,"vae":"v",
        "vaeTile":64,"preview":true}
        """;

    private const string Result = """
        {"version":"0.1.0","arguments":["sample"],"files":["a.png"],"sampler":"ddim","images":2,"batch":2,"startMs":1,"planMs":1,"sampleMs":3,"elapsedMs":9,
        "decodeMs":1,"imageMs":1,"psnr":40,"realisedSpeedup":1.1,"differenceMeasurable":false,"peakBytes":5,"weightBytes":2,"cacheBytes":3,
        "work":{"total":{"ops":1},"withoutCaching":{"ops":2}},"schedule":{"format":"l2c-schedule/1"}}
        """;

    private static readonly string[] _values =
    [
        "null", "true", "-1", "0", "1e400", "2147483648", "\"\"", "\"999999999\"", "\"\\u0000\\u202e<b>\"", "\"router  x, threshold y\"", "\"x.json\"",
        "[]", "[null,[1],{}]", "{}", "{\"a\":{\"b\":[]}}",
    ];

    private readonly string _folder = Directory.CreateTempSubdirectory("l2c-pages-").FullName;

    [Fact]
    public void Parameters_of_a_picture_may_hold_anything() =>
        Try(Parameters, text => WritePicture(text), "a.png");

    [Fact]
    public void A_result_beside_a_picture_may_hold_anything()
    {
        WritePicture(Parameters);
        Try(Result, text => File.WriteAllText(PathOf("a.json"), text, new UTF8Encoding(false)), "a.png");
    }

    [Fact]
    public void A_result_that_is_reported_on_may_hold_anything()
    {
        WritePicture(Parameters);
        Try(Result, text => File.WriteAllText(PathOf("a.json"), text, new UTF8Encoding(false)), "a.json");
    }

    [Fact]
    public void Half_a_surrogate_pair_is_no_text()
    {
        File.WriteAllText(PathOf("r.json"), "{\"fid\":1,\"samples\":\"\\ud800\"}");
        Assert.Throws<Weights.MalformedFileException>(() => HtmlReport.Of(new ReportRequest(PathOf("r.json"))));
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    /// <summary>Puts every value in the place of every member, and leaves each member out.</summary>
    private void Try(string original, Action<string> write, string target)
    {
        int written = 0;
        foreach (string key in JsonNode.Parse(original)!.AsObject().Select(member => member.Key).ToArray())
        {
            foreach (string? value in _values.Append(null))
            {
                JsonObject changed = JsonNode.Parse(original)!.AsObject();
                _ = changed.Remove(key);
                string text = changed.ToJsonString();
                write(value is null ? text : $"{text[..^1]},\"{key}\":{value}}}");
                try
                {
                    string html = HtmlReport.Of(new ReportRequest(PathOf(target)) { Network = PublishedModels.Find("DiT-S/8") }).Html;
                    Assert.DoesNotContain("<b><", html, StringComparison.Ordinal);
                    Assert.DoesNotContain('\u202e', html);
                    written++;
                }
                catch (Exception e) when (e is RequestException or IOException)
                {
                    Assert.DoesNotContain('\n', e.Message);
                }
            }
        }

        Assert.True(written > 100, $"{written} pages");
    }

    private void WritePicture(string text)
    {
        using MemoryStream stream = new();
        PngWriter.Write(stream, new RgbImage(4, 4), SampleDescription.Key, text.ReplaceLineEndings(""));
        File.WriteAllBytes(PathOf("a.png"), stream.ToArray());
    }

    private string PathOf(string name) => Path.Combine(_folder, name);
}
