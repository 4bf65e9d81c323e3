using L2c.Model.Caching;
using L2c.Model.Calibration;

namespace L2c.Model.Tests.Caching;

/// <summary>The list of methods has every one that there is.</summary>
public sealed class CachingMethodsTests
{
    public static TheoryData<string> Rules => [.. ScheduleRule.Beginnings];

    public static TheoryData<string> Calibrated => [.. CalibrationMethod.All.Select(method => method.Name)];

    [Theory]
    [MemberData(nameof(Rules))]
    public void Every_rule_has_a_method(string beginning)
    {
        string use = $"--cache {beginning}{(beginning.EndsWith(':') ? "" : " ")}";
        Assert.Single(CachingMethods.All, method => $"{method.Use} ".Contains(use, StringComparison.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Calibrated))]
    public void Every_calibrated_method_is_there(string name) =>
        Assert.Single(CachingMethods.All, method => method.Use == $"l2c calibrate --method {name}");

    [Fact]
    public void Names_differ_and_nothing_is_left_open()
    {
        Assert.Equal(CachingMethods.All.Count, CachingMethods.All.Select(method => method.Name).Distinct().Count());
        Assert.All(CachingMethods.All, method => Assert.All(
            (string[])[method.Use, method.Formula, method.Source, method.Kept, method.Traffic],
            text => Assert.False(string.IsNullOrWhiteSpace(text))));
    }
}
