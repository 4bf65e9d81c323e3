using System.Text.Json;
using L2c.Testing;

namespace L2c.Engine.Tests;

/// <summary>The picture of routers that differ in lambda.</summary>
public sealed class LambdaPlotTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    [Fact]
    public void The_same_logs_make_the_same_picture_and_every_curve_counts()
    {
        (string, LossRow[])[] curves = [("1e-6", Rows(1e-3, 0.1)), ("2e-5", Rows(3e-2, 0.6))];
        byte[] picture = Write(curves);
        Assert.Equal(picture, Write(curves));
        Assert.NotEqual(picture, Write([curves[0]]));
        Assert.NotEqual(picture, Write([curves[0], ("2e-5", Rows(3e-2, 0.61))])); // the share
        Assert.NotEqual(picture, Write([curves[0], ("2e-5", Rows(4e-2, 0.6))])); // the loss
        Assert.NotEqual(picture, Write([curves[1], curves[0]])); // whose colour is whose
    }

    [Fact]
    public void Rows_that_are_not_finite_leave_gaps()
    {
        LossRow[] broken = [.. Rows(1e-3, 0.1).Select((row, i) => i is > 10 and < 20 ? row with { Loss = double.NaN } : row)];
        Assert.NotEqual(Write([("1", Rows(1e-3, 0.1))]), Write([("1", broken)]));
        Assert.NotEmpty(Write([("1", [new LossRow(1, double.NaN, double.NaN)]), ("2", [new LossRow(1, 0, 0)])]));
        Assert.NotEmpty(Write([("1", [new LossRow(1, double.NaN, 0.5)])]));
    }

    [Fact]
    public void The_picture_says_what_it_shows()
    {
        JsonElement told = JsonElement.Parse(LambdaPlot.Draw([("1e-6", Rows(1e-3, 0.1)), ("2e-5", Rows(3e-2, 0.6))]).Description);
        Assert.Equal(["1e-6", "2e-5"], told.GetProperty("lambdas").EnumerateArray().Select(lambda => lambda.GetString()));
        Assert.Equal(80, told.GetProperty("rows").GetInt32());
    }

    public void Dispose() => _folder.Dispose();

    private static LossRow[] Rows(double loss, double reuse) =>
        [.. Enumerable.Range(1, 40).Select(i => new LossRow(10 * i, loss * (1 + Math.Exp(-i / 8.0) + (0.2 * Math.Sin(5 * i))), reuse * (1 - Math.Exp(-i / 15.0))))];

    private byte[] Write((string, LossRow[])[] curves)
    {
        string path = _folder.File("plot.png");
        LambdaPlot.Draw(curves).Write(path, overwrite: true);
        return File.ReadAllBytes(path);
    }
}
