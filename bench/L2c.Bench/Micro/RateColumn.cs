using System.Globalization;
using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;

namespace L2c.Bench.Micro;

/// <summary>A column of BenchmarkDotNet's table: what an op does per second, from its median time.</summary>
/// <param name="name">Heading.</param>
/// <param name="legend">Said below the table.</param>
/// <param name="amount">Of an op's bytes and operations; 0 leaves the cell empty.</param>
internal sealed class RateColumn(string name, string legend, Func<(long Bytes, long Flops), long> amount) : IColumn
{
    public string Id => name;

    public string ColumnName => name;

    public bool AlwaysShow => true;

    public ColumnCategory Category => ColumnCategory.Custom;

    public int PriorityInCategory => 0;

    public bool IsNumeric => true;

    public UnitType UnitType => UnitType.Dimensionless;

    public string Legend => legend;

    public string GetValue(Summary summary, BenchmarkCase benchmarkCase)
    {
        (string, NetworkShape) key = ((string)Parameter(nameof(KernelBenchmark.Op)), (NetworkShape)Parameter(nameof(KernelBenchmark.Network)));
        double? nanoseconds = summary[benchmarkCase]?.ResultStatistics?.Median;
        bool isMeasured = KernelBenchmark.Costs.TryGetValue(key, out (long, long) cost) && nanoseconds > 0;
        return isMeasured && amount(cost) is > 0 and long done ? (done / nanoseconds!.Value).ToString("0.0", CultureInfo.InvariantCulture) : "";

        object Parameter(string parameter) => benchmarkCase.Parameters[parameter];
    }

    public string GetValue(Summary summary, BenchmarkCase benchmarkCase, SummaryStyle style) => GetValue(summary, benchmarkCase);

    public bool IsAvailable(Summary summary) => true;

    public bool IsDefault(Summary summary, BenchmarkCase benchmarkCase) => false;
}
