using L2c.Testing.Golden;

namespace L2c.Model.Tests.Golden;

/// <summary>The recorded metrics reject mistakes that are easily made.</summary>
[Trait("Category", "Golden")]
public sealed class MetricsFaultTests
{
    [Theory]
    [InlineData(FidFault.DividesByCount)]
    [InlineData(FidFault.RootCountedOnce)]
    public void Faulty_distance_is_rejected(FidFault fault) =>
        Assert.Contains(FidGolden.Run(Recorded("fid"), fault).Comparisons, comparison => !comparison.Passed);

    [Theory]
    [InlineData(PrecisionRecallFault.OpenBalls)]
    [InlineData(PrecisionRecallFault.RadiusOfUnsortedRow)]
    public void Faulty_decision_is_rejected(PrecisionRecallFault fault)
    {
        GoldenCase golden = Recorded("precision_recall");
        Assert.True(OfIntegers(PrecisionRecallFault.DecidedAnew).Passed);
        Assert.False(OfIntegers(fault).Passed);

        // Every distance of whole numbers is exact, in binary16 too, and 45 are exactly a radius.
        GoldenComparison OfIntegers(PrecisionRecallFault fault) =>
            PrecisionRecallGolden.Run(golden, fault).Comparisons.Single(comparison => comparison.Tensor == "pr.integers.precision_recall");
    }

    private static GoldenCase Recorded(string kind)
    {
        GoldenCase? golden = GoldenManifest.Cases.FirstOrDefault(c => c.Family == "metrics" && c.Kind == kind);
        Assert.SkipUnless(golden is not null && GoldenRunner.MissingFile(golden) is null, $"no recorded case of {kind}");
        return golden;
    }
}
