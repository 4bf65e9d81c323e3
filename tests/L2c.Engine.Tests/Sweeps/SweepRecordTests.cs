namespace L2c.Engine.Tests;

public sealed class SweepRecordTests
{
    [Fact]
    public void A_row_is_read_as_it_was_written()
    {
        SweepRecord record = new("learned", "odd, \"name\".pt@0.1", 20, 1234567890123, 0.5, 1.5, 0.75, 0.25, 0.125, 0.375, null, 31.5)
        {
            TimeRatioLow = 0.5,
            TimeRatioHigh = 1.25,
        };
        string line = record.ToLine();
        Assert.Equal("learned,\"odd, \"\"name\"\".pt@0.1\",20,1234567890123,0.500000,1.500,0.7500,0.5000,1.2500,0.250000,0.125000,0.375000,,31.5000", line);
        Assert.Equal(record, SweepRecord.Parse(line));
        Assert.Null(SweepRecord.Parse(line[..^8] + "x"));
        Assert.Null(SweepRecord.Parse(line[..line.LastIndexOf(',')]));
    }

    [Fact]
    public void The_front_is_what_nothing_beats_in_both()
    {
        SweepRecord Row(string name, long macs, double distance) => new(name, "", 1, macs, 0, 0, 0, distance, 0, 0, null, null);
        Assert.Equal(
            ["cheap", "middle", "best"],
            ParetoPlot.Front([Row("best", 100, 1), Row("beaten", 60, 5), Row("middle", 50, 2), Row("cheap", 10, 9), Row("same", 50, 3)])
                .Select(row => row.Rule));
    }
}
