using System.Text;
using L2c.Model.Calibration;
using L2c.Weights;

namespace L2c.Model.Tests.Calibration;

/// <summary>Tables as files.</summary>
public sealed class CalibrationJsonTests
{
    private const string Begin = """{"format": "l2c-calibration/1", "method": "x", "model": "m", "sampler": "s",""";

    private static readonly CalibrationTable _table = new(
        "magcache", "DiT-S/2", "ddim", 3, 24, 8, new Dictionary<string, double[]> { ["ratio"] = [0.1 + 0.2, 1e-300] });

    [Fact]
    public void A_table_is_read_back_to_the_bit()
    {
        CalibrationTable read = CalibrationJson.Parse("t.json", CalibrationJson.ToUtf8(_table));
        Assert.Equal(_table with { Figures = read.Figures }, read);
        Assert.Equal(_table.Figures["ratio"], Assert.Single(read.Figures).Value);
        Assert.StartsWith(
            "{\"format\":\"l2c-calibration/1\",\"method\":\"magcache\"", Encoding.UTF8.GetString(CalibrationJson.ToUtf8(_table)), StringComparison.Ordinal);
    }

    [Fact]
    public void Figures_that_are_no_numbers_are_not_written()
    {
        CalibrationTable broken = _table with { Figures = new Dictionary<string, double[]> { ["ratio"] = [1, double.NaN] } };
        Assert.Contains("\"ratio\"", Assert.Throws<ArgumentException>(() => CalibrationJson.ToUtf8(broken)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("nonsense", "is not valid JSON")]
    [InlineData("{}", "l2c-calibration/1")]
    [InlineData("""{"format": "l2c-schedule/1"}""", "l2c-calibration/1")]
    [InlineData("""{"format": "l2c-calibration/1", "method": "x"}""", "has no \"model\"")]
    [InlineData(Begin + """ "steps": 0, "branches": 2, "images": 1, "figures": {}}""", "0 steps")]
    [InlineData(Begin + """ "steps": 2, "branches": 3, "images": 1, "figures": {}}""", "3 branches")]
    [InlineData(Begin + """ "steps": 2, "branches": 2, "images": 1, "figures": {"a": [1e999]}}""", "finite number")]
    [InlineData(Begin + """ "steps": 2, "branches": 2, "images": 1, "figures": {"a": 1}}""", "write a list")]
    public void Another_file_is_refused(string text, string expected)
    {
        MalformedFileException fault = Assert.Throws<MalformedFileException>(() => CalibrationJson.Parse("t.json", Encoding.UTF8.GetBytes(text)));
        Assert.Contains(expected, fault.Message, StringComparison.Ordinal);
    }
}
