using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using L2c.Cli.Commands;
using L2c.Cli.Output;
using L2c.Kernels;
using L2c.Model.Metrics;

namespace L2c.Bench.Metrics;

/// <summary><c>frechet</c>: what do statistics of features and their distance cost, against a product of as many operations?</summary>
internal sealed class FrechetBench
{
    private const int Rounds = 5, RowsAtOnce = 500;
    private const double Bound = 3;

    private readonly BenchOptions _options = new(Rounds);
    private readonly Option<int?> _count = OptionFactory.Whole("--count", 2, "Vectors [default: 50000]");
    private readonly Option<int?> _features = OptionFactory.Whole("--features", 1, "Features of a vector [default: 2048]", most: 8192);

    /// <summary>The verb.</summary>
    public static Command Create(Terminal terminal)
    {
        FrechetBench self = new();
        Command command = new(
            "frechet", "Statistics of features and their Fréchet distance on the CPU, against a product in binary64 of as many operations.");
        self._options.AddTo(command);
        command.Add(self._count);
        command.Add(self._features);
        command.SetAction(parsed => self.Run(parsed, terminal));
        return command;
    }

    private int Run(ParseResult parsed, Terminal terminal)
    {
        int count = parsed.GetValue(_count) ?? 50_000, features = parsed.GetValue(_features) ?? 2048, rounds = _options.Rounds(parsed);
        string load = BirthCertificate.Load();
        using CpuDevice device = _options.OpenCpu(parsed);
        float[] vectors = Features(features, 1), others = Features(features, 2);
        FeatureStatistics reference = Statistics(others, Math.Max(count, 2 * features), features, device.Threads);
        double gathering = 0, distance = 0;
        long before = Peak();
        Work();
        long memory = Peak() - before;

        // Half a product, for it is symmetric; the two factors, the product of them, its half square, and the reduction.
        double cube = Math.Pow(features, 3), flops = ((double)count * features * features) + (((2.0 / 3) + 2 + 1 + (4.0 / 3)) * cube);
        DoubleProduct product = new(features, flops, device.Threads);
        List<(double Gathering, double Distance)> parts = [];
        var timing = InterleavedTiming.Measure(
            [() => { Work(); parts.Add((gathering, distance)); }, product.Run], rounds, warmUpRounds: 1, cancel: terminal.Cancel);
        parts.RemoveRange(0, parts.Count - rounds);
        double[] rates = [.. timing.Milliseconds[1].Select(time => product.Flops / time / 1e6)];
        var ratio = MedianInterval.Of(timing.Milliseconds[0].Zip(timing.Milliseconds[1], (all, one) => all / one * product.Flops / flops));
        bool isMet = ratio.Median <= Bound;
        string size = string.Create(CultureInfo.InvariantCulture, $"{count} x {features}");
        _options.Publish(parsed, terminal, Markdown.Report(
            "Fréchet distance: statistics and distance against a product of as many operations",
            BirthCertificate.Of(device, load, ("rounds", $"{rounds}, each both once in rotating order")),
            ["features", "statistics, ms", "distance, ms", "both, ms", "product, ms", "product, GFLOP/s", "ratio", "memory, MiB", "bound"],
            [
                [
                    size,
                    Quartiles.Of(parts.Select(part => part.Gathering)).Text("0"),
                    Quartiles.Of(parts.Select(part => part.Distance)).Text("0"),
                    Quartiles.Of(timing.Milliseconds[0]).Text("0"),
                    Quartiles.Of(timing.Milliseconds[1]).Text("0"),
                    Quartiles.Of(rates).Text("0"),
                    ratio.Text("0.00"),
                    (memory / (double)(1 << 20)).ToString("0", CultureInfo.InvariantCulture),
                    $"{Bound.ToString("0.00", CultureInfo.InvariantCulture)}{(isMet ? "" : " missed")}",
                ],
            ],
            "Statistics: mean and covariance of the vectors, which come in blocks of 500. Distance: to a reference whose statistics are there. The "
            + "product is XᵀY of packed blocks of 256 rows in binary64, as many operations, run in turn. Memory: by how much the first run raised "
            + "the peak of the process, statistics of the reference not counted. Values are medians over the rounds, with quartiles in brackets; the "
            + "ratio is taken round by round, with " + MedianInterval.Words(rounds) + " in brackets.",
            isMet ? "Bound: met." : "Bound: **missed**."));
        return isMet ? ExitCode.Ok : ExitCode.RunTime;

        void Work()
        {
            long began = Stopwatch.GetTimestamp();
            FeatureStatistics set = Statistics(vectors, count, features, device.Threads);
            _ = set.Mean();
            gathering = Stopwatch.GetElapsedTime(began).TotalMilliseconds;
            began = Stopwatch.GetTimestamp();
            _ = FrechetDistance.Between(set, reference, device.Threads);
            distance = Stopwatch.GetElapsedTime(began).TotalMilliseconds;
        }
    }

    private static FeatureStatistics Statistics(float[] pool, int count, int features, int threads)
    {
        FeatureStatistics statistics = new(features, "features", threads);
        for (int done = 0, at = 0; done < count;)
        {
            int rows = Math.Min(Math.Min(RowsAtOnce, count - done), (pool.Length / features) - at);
            statistics.Add(pool.AsSpan(at * features, rows * features));
            (done, at) = (done + rows, (at + rows) % (pool.Length / features));
        }

        return statistics;
    }

    // As pooled features are: at least 0, many of them 0. Twice as many vectors as there are features, in turn: the covariance has full rank.
    private static float[] Features(int features, int seed)
    {
        Random random = new(seed);
        float[] values = new float[2 * features * features];
        foreach (ref float value in values.AsSpan())
        {
            value = Math.Max(0, (2 * random.NextSingle()) - 0.6f);
        }

        return values;
    }

    private static long Peak()
    {
        using var process = Process.GetCurrentProcess();
        return process.PeakWorkingSet64;
    }
}
