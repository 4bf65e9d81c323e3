using BenchmarkDotNet.Analysers;
using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Diagnosers;
using BenchmarkDotNet.Exporters;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Loggers;
using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using BenchmarkDotNet.Validators;

namespace L2c.Bench.Micro;

/// <summary>Hands the ops to BenchmarkDotNet. What it needs is loaded when this class is first used: an archive without it can do all else.</summary>
internal static class KernelRunner
{
    /// <summary>Measures some ops, prints BenchmarkDotNet's table and leaves its files.</summary>
    /// <param name="ops">Names in <see cref="KernelCases"/>.</param>
    /// <param name="job">How thoroughly: dry, short, default or long.</param>
    /// <param name="folder">Where its files go.</param>
    /// <param name="cancel">Ends the run at the next op.</param>
    /// <returns>Whether everything was measured.</returns>
    public static bool Run(IReadOnlyList<string> ops, string job, string folder, CancellationToken cancel)
    {
        (KernelBenchmark.Chosen, KernelBenchmark.Cancel) = (ops, cancel);
        Job measured = job switch
        {
            "dry" => Job.Dry,
            "short" => Job.ShortRun,
            "long" => Job.LongRun,
            _ => Job.Default,
        };
        ManualConfig config = ManualConfig.CreateEmpty()
            .AddJob(measured.WithToolchain(InProcessEmitToolchain.Instance)) // a project of its own would not build with ours
            .AddDiagnoser(MemoryDiagnoser.Default)
            .AddColumnProvider(DefaultColumnProviders.Instance)
            .AddColumn(StatisticColumn.Min, StatisticColumn.Median)
            .AddColumn(new RateColumn("GB/s", "Bytes of operands, each read or written once, per median time", cost => cost.Bytes))
            .AddColumn(new RateColumn("GFLOP/s", "Floating-point operations of matrix products per median time", cost => cost.Flops))
            .HideColumns(Column.Method)
            .WithSummaryStyle(SummaryStyle.Default.WithMaxParameterColumnWidth(60))
            .AddLogger(ConsoleLogger.Default)
            .AddExporter(MarkdownExporter.GitHub)
            .AddAnalyser(EnvironmentAnalyser.Default)
            .AddValidator(JitOptimizationsValidator.FailOnError)
            .WithArtifactsPath(Path.GetFullPath(folder));
        Summary summary = BenchmarkRunner.Run<KernelBenchmark>(config);
        return !summary.HasCriticalValidationErrors && summary.Reports.Length == summary.BenchmarksCases.Length
            && summary.Reports.All(report => report.Success);
    }
}
