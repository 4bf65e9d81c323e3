using L2c.Cli.Printing;

namespace L2c.Cli.Tests.Words;

public sealed class UnitsTests
{
    [Theory]
    [InlineData(0, "0 MACs")]
    [InlineData(999, "999 MACs")]
    [InlineData(1_000, "1.000 kMACs")]
    [InlineData(474_112, "474.1 kMACs")]
    [InlineData(9_999_400, "9.999 MMACs")]
    [InlineData(9_999_600, "10.00 MMACs")]
    [InlineData(118_640_000_000, "118.6 GMACs")]
    [InlineData(5_933_000_000_000, "5.933 TMACs")]
    [InlineData(12_345_000_000_000_000, "12345.0 TMACs")]
    public void Multiply_accumulates_have_four_digits(long macs, string text) => Assert.Equal(text, Units.Macs(macs));

    [Theory]
    [InlineData(0.0212, "21.20 MFLOP")]
    [InlineData(23.7, "23.70 GFLOP")]
    [InlineData(11866.2, "11.87 TFLOP")]
    public void Operations_likewise(double gflop, string text) => Assert.Equal(text, Units.Flop(gflop));

    [Theory]
    [InlineData(0, "0 bytes")]
    [InlineData(1, "1 byte")]
    [InlineData(1023, "1023 bytes")]
    [InlineData(16_384, "16.0 KiB")]
    [InlineData(4_980_736, "4.8 MiB")]
    [InlineData(2_700_000_000, "2.51 GiB")]
    public void Sizes_have_binary_units(long bytes, string text) => Assert.Equal(text, Units.Bytes(bytes));
}
