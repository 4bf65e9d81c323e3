using L2c.Testing.Golden;

namespace L2c.Model.Tests.Golden;

/// <summary>The recorded metrics reject mistakes that are easily made.</summary>
[Trait("Category", "Golden")]
public sealed class MetricsFaultTests
{
    [Theory]
    [InlineData(FidFault.DividesByCount)]
    [InlineData(FidFault.RootCountedOnce)]
    public void Faulty_distance_is_rejected(FidFault fault) => Rejects("fid", golden => FidGolden.Run(golden, fault));

    [Theory]
    [InlineData(PrecisionRecallFault.OpenBalls)]
    [InlineData(PrecisionRecallFault.RadiusOfUnsortedRow)]
    public void Faulty_decision_is_rejected(PrecisionRecallFault fault) =>
        Rejects("precision_recall", golden => PrecisionRecallGolden.Run(golden, fault));

    private static void Rejects(string kind, Func<GoldenCase, GoldenResult> run)
    {
        GoldenCase? golden = GoldenManifest.Cases.FirstOrDefault(c => c.Family == "metrics" && c.Kind == kind);
        Assert.SkipUnless(golden is not null && GoldenRunner.MissingFile(golden) is null, $"no recorded case of {kind}");
        Assert.Contains(run(golden).Comparisons, comparison => !comparison.Passed);
    }
}
