using Xunit.Sdk;

namespace L2c.Testing.Tests;

public sealed class ToleranceTests
{
    private static readonly double[] _exact = [1, -2, 1000];
    private static readonly float[] _naive = [1, -2.01f, 1000];

    [Fact]
    public void Twice_the_naive_error_is_accepted_and_more_is_not()
    {
        Tolerance.TimesNaive(2).Check([1.0199f, -2, 1000], _exact, _naive);
        XunitException failure = Assert.ThrowsAny<XunitException>(() => Tolerance.TimesNaive(2).Check([1, -2, 1000.03f], _exact, _naive));
        Assert.Contains("element 2", failure.Message, StringComparison.Ordinal);
        Assert.Contains("ratio 3.0", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Two_ulps_of_the_largest_value_are_accepted_where_the_naive_result_is_exact()
    {
        float[] naive = [1, -2, 1000];
        Tolerance.TimesNaive(2).Check([1, -2, 1000.0002f], _exact, naive);
        Tolerance.TimesNaive(2).MustReject([1, -2, 1000.0004f], _exact, naive);
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    public void Values_that_are_no_numbers_are_rejected(float value) => Tolerance.TimesNaive(2).MustReject([1, value, 1000], _exact, _naive);

    [Fact]
    public void Another_length_is_rejected() => Tolerance.TimesNaive(2).MustReject([1, -2], _exact, _naive);

    [Fact]
    public void A_fault_that_cannot_be_seen_fails_the_test() =>
        Assert.ThrowsAny<XunitException>(() => Tolerance.TimesNaive(2).MustReject([1, -2, 1000], _exact, _naive));
}
