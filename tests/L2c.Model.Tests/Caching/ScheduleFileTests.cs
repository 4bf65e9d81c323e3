using System.Text;
using L2c.Model.Caching;
using L2c.Weights;

namespace L2c.Model.Tests.Caching;

public sealed class ScheduleFileTests
{
    private static readonly CacheSchedule _example = CacheScheduleTests.Schedule("RCRC", "1111", "0110", "1111", "1001");

    [Fact]
    public void Own_format_round_trips()
    {
        var json = ScheduleJson.From(_example, "DiT-XL/2 256", "ddim");
        ScheduleJson read = ScheduleJson.Parse("s.json", json.ToUtf8());
        Assert.Equal(_example, read.ToSchedule("s.json"));
        Assert.Equal(("DiT-XL/2 256", "ddim", 4), (read.Model, read.Sampler, read.Steps));
        Assert.DoesNotContain("skipped", Encoding.UTF8.GetString(json.ToUtf8()), StringComparison.Ordinal);
    }

    [Fact]
    public void Forecasts_are_version_2_and_survive_the_round_trip_bit_for_bit()
    {
        CacheSchedule taylor = ScheduleRule.Parse("taylor:4:3", PublishedRoles.OnePerStep(12), 4);
        var json = ScheduleJson.From(taylor, "m", "ddim");
        Assert.Equal("l2c-schedule/2", json.Format);
        Assert.Equal(taylor, ScheduleJson.Parse("s.json", json.ToUtf8()).ToSchedule("s.json"));
        Assert.Equal("l2c-schedule/1", ScheduleJson.From(ScheduleRule.Parse("taylor:4:0", PublishedRoles.OnePerStep(12), 4), "m", "ddim").Format);

        // Branches that differ have entries of their own.
        CacheSchedule mixed = new(
            [EvaluationRole.Refresh, EvaluationRole.Refresh, EvaluationRole.Cache],
            [[true, true, true, true], [true, true, true, true], [false, false, false, true]],
            forecast: (_, branch) => branch switch { 0 => [new(1, 2), new(0, -1)], 1 => [new(0, 0.1f)], _ => null });
        Assert.Equal("   2 cache   ~~.#", mixed.ToString().Split('\n')[2]);
        Assert.Equal(mixed, ScheduleJson.Parse("s.json", ScheduleJson.From(mixed, "m", "ddim").ToUtf8()).ToSchedule("s.json"));
        Assert.Contains("forecast", Assert.Throws<ArgumentException>(() => SmoothCacheJson.ToUtf8(mixed)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Segments_are_version_3_and_survive_the_round_trip_bit_for_bit()
    {
        EvaluationRole[] roles = PublishedRoles.OnePerStep(12);
        foreach (string rule in (string[])["delta-dit:3:1:5", "taylor-lite:4:3", "both:random:0.8:1", "both:taylor:4:2"])
        {
            CacheSchedule schedule = ScheduleRule.Parse(rule, roles, 4);
            var json = ScheduleJson.From(schedule, "m", "ddim");
            Assert.Equal(ScheduleJson.SegmentsFormat, json.Format);
            Assert.Equal(schedule, ScheduleJson.Parse("s.json", json.ToUtf8()).ToSchedule("s.json"));
            ArgumentException fault = Assert.Throws<ArgumentException>(() => SmoothCacheJson.ToUtf8(schedule));
            Assert.Contains("part of a replaced segment", fault.Message, StringComparison.Ordinal);
        }

        // Beside forecasts of other branches.
        CacheSchedule mixed = new(
            [EvaluationRole.Refresh, EvaluationRole.Refresh, EvaluationRole.Cache],
            [[true, true, true, true], [true, true, true, true], [false, false, false, true]],
            forecast: (_, _) => [new(1, 2), new(0, -1)],
            replaced: [new SegmentReplacement(2, new(0, 1), [new(1, 0.1f), new(0, 3)])]);
        Assert.Equal("   2 cache   ==~#", mixed.ToString().Split('\n')[2]);
        Assert.Equal(mixed, ScheduleJson.Parse("s.json", ScheduleJson.From(mixed, "m", "ddim").ToUtf8()).ToSchedule("s.json"));
    }

    [Fact]
    public void A_schedule_beyond_the_limits_is_refused_before_it_is_built()
    {
        string List(int evaluations) => $"[{string.Join(',', Enumerable.Repeat(1, evaluations))}]";
        int most = ReadLimits.ScheduleEvaluations;
        Assert.Equal(most, Read($"{{\"attn\":{List(most)}}}").ToSchedule(4).Evaluations);
        Assert.Contains("is of 4097 evaluations", Refusal($"{{\"attn\":{List(most + 1)}}}", 4), StringComparison.Ordinal);
        Assert.Contains("are more than the 1048576", Refusal($"{{\"attn\":{List(most)}}}", 258), StringComparison.Ordinal);

        string row = $"{{\"role\":\"refresh\",\"compute\":\"{new string('1', 1026)}\"}}";
        string Own(int evaluations, string compute) =>
            $"{{\"format\":\"l2c-schedule/1\",\"model\":\"m\",\"sampler\":\"s\",\"steps\":{evaluations},\"evaluations\":["
            + $"{string.Join(',', Enumerable.Repeat(compute, evaluations))}]}}";
        Assert.Equal(1000, Read(Own(1000, row)).ToSchedule(0).Evaluations);
        Assert.Contains("1024 evaluations of 1026 branches", Refusal(Own(1024, row), 0), StringComparison.Ordinal);
        string segments = string.Join(',', Enumerable.Range(0, 26).Select(i => $"{{\"first\":{i},\"last\":{i},\"evaluations\":[0],\"weights\":[1]}}"));
        string replacing = Own(1000, row).Replace("schedule/1", "schedule/3", StringComparison.Ordinal).Replace(
            "1\"}]", $"1\",\"segments\":[{segments}]}}]", StringComparison.Ordinal);
        Assert.Contains("1000 evaluations of 1026 branches and 26 segments", Refusal(replacing, 0), StringComparison.Ordinal);
        Assert.Contains("is of 4097 evaluations", Refusal(Own(most + 1, "{\"role\":\"refresh\",\"compute\":\"11\"}"), 0), StringComparison.Ordinal);
        Assert.Contains("has 4194305 bytes", Refusal($"{{\"attn\":[1]}}".PadRight((4 << 20) + 1), 2), StringComparison.Ordinal);

        ScheduleFile Read(string text) => ScheduleFile.Read(ByteSource.FromMemory("s.json", Encoding.UTF8.GetBytes(text)));
        string Refusal(string text, int branches) => Assert.Throws<MalformedFileException>(() => Read(text).ToSchedule(branches)).Message;
    }

    [Fact]
    public void Dropping_survives_the_round_trip()
    {
        var dropping = new CacheSchedule([EvaluationRole.Cache], [[true, false]], dropsSkipped: true);
        Assert.Equal(dropping, ScheduleJson.Parse("s.json", ScheduleJson.From(dropping, "m", "ddim").ToUtf8()).ToSchedule("s.json"));
    }

    [Theory]
    [InlineData("reuse", "[0]", "[1]", BranchAction.Forecast)] // as it is, but not the latest one
    [InlineData("drop", "[1]", "[1]", BranchAction.Reuse)]
    [InlineData("reuse", "[]", "[]", BranchAction.Drop)]
    public void Terms_that_a_bit_does_not_say_survive_the_round_trip(string skipped, string evaluations, string weights, BranchAction action)
    {
        CacheSchedule schedule = ThreeEvaluations(skipped, evaluations, weights);
        Assert.Equal(action, schedule.Action(2, 0));
        var json = ScheduleJson.From(schedule, "m", "ddim");
        Assert.Equal("l2c-schedule/2", json.Format);
        Assert.Equal(schedule, ScheduleJson.Parse("s.json", json.ToUtf8()).ToSchedule("s.json"));
        Assert.Throws<ArgumentException>(() => SmoothCacheJson.ToUtf8(schedule));
    }

    [Fact]
    public void A_file_that_names_an_evaluation_twice_is_refused() =>
        Assert.Contains(
            "evaluation 2, branch 0 (block 0 attention) names evaluation 0 twice",
            Assert.Throws<ArgumentException>(() => ThreeEvaluations("reuse", "[0, 0]", "[0.5, 0.5]")).Message,
            StringComparison.Ordinal);

    [Theory]
    [InlineData("""{"format":"l2c-schedule/1","model":"m","sampler":"ddim","steps":2,"evaluations":[{"role":"refresh","compute":"11"}]}""")]
    [InlineData("""{"format":"l2c-schedule/1","model":"m","sampler":"ddim","steps":0,"evaluations":[]}""")]
    [InlineData("""{"format":"l2c-schedule/1","model":7,"sampler":"ddim","steps":1,"evaluations":[{"role":"refresh","compute":"11"}]}""")]
    [InlineData("""{"format":"l2c-schedule/1","model":"m","sampler":"ddim","steps":"1","evaluations":[{"role":"refresh","compute":"11"}]}""")]
    [InlineData("""{"format":"l2c-schedule/1","model":"\ud800","sampler":"ddim","steps":1,"evaluations":[{"role":"refresh","compute":"11"}]}""")]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("""{"format":"l2c-schedule/4","model":"m","sampler":"ddim","steps":1,"evaluations":[{"role":"refresh","compute":"11"}]}""")]
    [InlineData("""{"format":"l2c-schedule/2","model":"m","sampler":"ddim","steps":1,"evaluations":[{"role":"cache","compute":"11","segments":[]}]}""")]
    [InlineData("""{"format":"l2c-schedule/3","model":"m","sampler":"ddim","steps":1,"evaluations":[{"role":"cache","compute":"11","segments":[{"first":0,"last":0.5,"evaluations":[],"weights":[]}]}]}""")]
    [InlineData("""{"format":"l2c-schedule/3","model":"m","sampler":"ddim","steps":1,"evaluations":[{"role":"cache","compute":"11","segments":[{"first":0,"evaluations":[],"weights":[]}]}]}""")]
    [InlineData("""{"format":"l2c-schedule/3","model":"m","sampler":"ddim","steps":1,"evaluations":[{"role":"cache","compute":"11","segments":[{"first":0,"last":1,"evaluations":[0],"weights":[]}]}]}""")]
    [InlineData("""{"format":"l2c-schedule/1","model":"m","sampler":"ddim","steps":1,"evaluations":[{"role":"cache","compute":"11","terms":[]}]}""")]
    [InlineData("""{"format":"l2c-schedule/2","model":"m","sampler":"ddim","steps":1,"evaluations":[{"role":"cache","compute":"11","terms":{}}]}""")]
    [InlineData("""{"format":"l2c-schedule/2","model":"m","sampler":"ddim","steps":1,"evaluations":[{"role":"cache","compute":"11","terms":[{"branches":"00","evaluations":[0],"weights":[]}]}]}""")]
    [InlineData("""{"format":"l2c-schedule/2","model":"m","sampler":"ddim","steps":1,"evaluations":[{"role":"cache","compute":"11","terms":[{"branches":"00","evaluations":[0],"weights":[1e99]}]}]}""")]
    [InlineData("""{"format":"l2c-schedule/2","model":"m","sampler":"ddim","steps":1,"evaluations":[{"role":"cache","compute":"11","terms":[{"branches":"02","evaluations":[0],"weights":[1]}]}]}""")]
    [InlineData("""{"format":"l2c-schedule/1","model":"m","sampler":"ddim","steps":1,"evaluations":[{"role":"refresh","compute":"11"}],"extra":1}""")]
    [InlineData("""{"format":"l2c-schedule/1","format":"l2c-schedule/1","model":"m","sampler":"ddim","steps":1,"evaluations":[{"role":"refresh","compute":"11"}]}""")]
    [InlineData("""{"format":"l2c-schedule/1","model":"m","sampler":"ddim","steps":1,"evaluations":[{"role":"rest","compute":"11"}]}""")]
    [InlineData("""{"format":"l2c-schedule/1","model":"m","sampler":"ddim","steps":1,"evaluations":[{"role":"refresh","compute":"1x"}]}""")]
    [InlineData("""{"format":"l2c-schedule/1","model":"m","sampler":"ddim","steps":1,"evaluations":[{"role":"refresh","compute":"11"}],"skipped":"sometimes"}""")]
    [InlineData("""{"format":"l2c-schedule/1","model":"m","sampler":"ddim","steps":1,"evaluations":null}""")]
    [InlineData("""{"format":"l2c-schedule/1","model":"m","sampler":"ddim","steps":1,"evaluations":[null]}""")]
    public void Malformed_files_are_refused_in_one_line(string text)
    {
        MalformedFileException fault = Assert.Throws<MalformedFileException>(
            () => ScheduleJson.Parse("s.json", Encoding.UTF8.GetBytes(text)).ToSchedule("s.json"));
        Assert.StartsWith("s.json: ", fault.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', fault.Message);
        Assert.DoesNotMatch(@"\.NET|System\.|L2c\.|Json[A-Z]|member|operation", fault.Message);
        Assert.Single(fault.Message, c => c == ';'); // one advice
    }

    [Fact]
    public void SmoothCache_lists_apply_to_all_blocks_or_to_one()
    {
        CacheSchedule schedule = SmoothCacheJson.Parse("s.json", Bytes("""{"attn": [1,0,1], "mlp": [1,1,0], "mlp-1": [1,0,0]}"""), 4);
        Assert.Equal("   0 refresh ####\n   1 cache   .#..\n   2 cache   #.#.", schedule.ToString());
        Assert.Equal(schedule, SmoothCacheJson.Parse("s.json", SmoothCacheJson.ToUtf8(schedule), 4));
    }

    [Fact]
    public void SmoothCache_accepts_diffusers_names_and_computes_what_has_no_list()
    {
        CacheSchedule schedule = SmoothCacheJson.Parse("s.json", Bytes("""{"attn1": [1,0]}"""), 4);
        Assert.Equal("   0 refresh ####\n   1 cache   .#.#", schedule.ToString());
    }

    [Fact]
    public void SmoothCache_round_trips_a_schedule_with_a_list_per_block() =>
        Assert.Equal(_example, SmoothCacheJson.Parse("s.json", SmoothCacheJson.ToUtf8(_example), 4));

    [Theory]
    [InlineData("{}")]
    [InlineData("[1]")]
    [InlineData("""{"attn": [1,2]}""")]
    [InlineData("""{"attn": [1,0], "mlp": [1]}""")]
    [InlineData("""{"attn": []}""")]
    [InlineData("""{"attn": 1}""")]
    [InlineData("""{"attn": ["1"]}""")]
    [InlineData("""{"attn": [1], "attn": [1]}""")]
    [InlineData("""{"attn": [1, 0], "attn1": [1, 1]}""")]
    [InlineData("""{"mlp-1": [1, 0], "ff-1": [1, 1]}""")]
    public void Malformed_SmoothCache_files_are_refused(string text)
    {
        string message = Assert.Throws<MalformedFileException>(() => SmoothCacheJson.Parse("s.json", Bytes(text), 4)).Message;
        Assert.StartsWith("s.json: not a SmoothCache schedule: ", message, StringComparison.Ordinal);
        Assert.DoesNotMatch(@"\.NET|System\.|L2c\.|Json[A-Z]|member|operation|property", message);
        Assert.Single(message, c => c == ';');
    }

    [Fact]
    public void A_byte_order_mark_is_no_part_of_a_schedule()
    {
        byte[][] texts = [ScheduleJson.From(_example, "m", "ddim").ToUtf8(), SmoothCacheJson.ToUtf8(_example)];
        Assert.All(texts, text =>
        {
            using var source = ByteSource.FromMemory("s.json", (byte[])[.. Encoding.UTF8.Preamble, .. text]);
            Assert.Equal(_example, ScheduleFile.Read(source).ToSchedule(4));
        });
    }

    [Fact]
    public void SmoothCache_lists_for_unknown_blocks_and_dropping_are_refused()
    {
        Assert.Throws<ArgumentException>(() => SmoothCacheJson.Parse("s.json", Bytes("""{"attn-9": [1]}"""), 4));
        Assert.Throws<ArgumentException>(
            () => SmoothCacheJson.ToUtf8(new CacheSchedule([EvaluationRole.Cache], [[true, false]], dropsSkipped: true)));
    }

    /// <summary>Two refreshes, then the terms for the first branch; the second one has no entry.</summary>
    private static CacheSchedule ThreeEvaluations(string skipped, string evaluations, string weights) => ScheduleJson.Parse("s.json", Bytes(
        $$"""
        {"format":"l2c-schedule/2","model":"m","sampler":"ddim","steps":3,"skipped":"{{skipped}}","evaluations":[
          {"role":"refresh","compute":"11"},{"role":"refresh","compute":"11"},
          {"role":"cache","compute":"00","terms":[{"branches":"10","evaluations":{{evaluations}},"weights":{{weights}}}]}]}
        """)).ToSchedule("s.json");

    private static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);
}
