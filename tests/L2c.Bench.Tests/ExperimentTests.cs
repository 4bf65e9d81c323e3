using System.Globalization;
using L2c.Bench.Experiment;
using L2c.Cli.Output;
using L2c.Model.Metrics;
using L2c.Testing;

namespace L2c.Bench.Tests;

/// <summary>Whole experiments of a few images: what the table says, and that an interruption changes nothing.</summary>
public sealed class ExperimentTests : IDisposable
{
    private static readonly string[] _tiny =
    [
        "experiment", "--steps", "4", "--method", "fewer steps", "--method", "all", "--budgets", "0.55", "--images", "20", "--best-images", "40",
        "--data-count", "30", "--resamples", "4", "--rounds", "2", "--threads", "2",
    ];

    private readonly TemporaryFolder _folder = new();

    [Fact]
    public void The_table_has_a_row_per_method_and_more_images_of_the_best()
    {
        (int code, string output, string error) = Run([.. _tiny, "--out", Path("a")]);
        Assert.True(code == ExitCode.Ok, error);
        Assert.Equal(output, File.ReadAllText(Path("a", "experiment-4.csv")));
        Assert.StartsWith(
            "method,parameter,steps,macRatio,timeRatio,timeLow,timeHigh,images,frechet,frechetLow,frechetHigh,differenceLow,differenceHigh,"
            + "relativeL2,psnr,keptBytes\n",
            output,
            StringComparison.Ordinal);
        IReadOnlyList<ExperimentFigures> rows = ExperimentFigures.FromCsv(Path("a", "experiment-4.csv"));
        Assert.Equal(
            [
                ("no caching", "", 4, 20), ("fewer steps", "2", 2, 20), ("all", "all", 4, 20), ("no caching", "", 4, 40),
                ("fewer steps", "2", 2, 40), ("all", "all", 4, 40),
            ],
            rows.Select(row => (row.Method, row.Parameter, row.Steps, row.Images)));
        Assert.Equal(output, ExperimentFigures.ToCsv(rows));
        Assert.Equal((1.0, 0.0, (double?)null, 0L, 0.0, 0.0), (
            rows[0].MacRatio, rows[0].RelativeL2, rows[0].Psnr, rows[0].KeptBytes, rows[0].DifferenceLow, rows[0].DifferenceHigh));

        // Two evaluations of four; and of four two that keep the rest of an evaluation, 1.84 %.
        Assert.Equal((0.5, 0.5092), (rows[1].MacRatio, rows[2].MacRatio));
        Assert.True(rows[1].KeptBytes == 0 && rows[2].KeptBytes > 0);
        // Distances are of the features of the first chunk, and for more images of the two after it, which have not chosen the row.
        ExperimentFolder folder = new(Path("a"));
        Assert.All(rows, row =>
        {
            Assert.InRange(row.TimeRatio, row.TimeLow, row.TimeHigh);
            Assert.True(row.Frechet > 0 && row.FrechetLow < row.FrechetHigh);
            string file = folder.Rows(row.Method)!.Single().File;
            Assert.Equal(Distance(folder, file, row.Images == 20 ? [0] : [1, 2]), row.Frechet, 1e-5);
        });
        Assert.All(rows.Where(row => row.Method == "no caching"), row => Assert.Equal((0.0, 0.0), (row.DifferenceLow, row.DifferenceHigh)));
        Assert.All(rows.Where(row => row.Method != "no caching"), row => Assert.True(row.RelativeL2 > 0.001 && row.Psnr is > 5 and < 60));

        // Other images are about as far from the uncached ones.
        Assert.NotEqual(rows[2].RelativeL2, rows[5].RelativeL2);
        Assert.Equal(rows[2].RelativeL2!.Value, rows[5].RelativeL2!.Value, 0.5 * rows[2].RelativeL2!.Value);

        // A certificate per run, and a folder takes further methods.
        (code, _, error) = Run([.. _tiny, "--method", "interval", "--stage", "prepare", "--out", Path("a")]);
        Assert.True(code == ExitCode.Ok, error);
        Assert.NotEmpty(folder.Rows("interval")!);
        string[] certificates = File.ReadAllText(Path("a", "experiment-4.md")).Split("# A run of l2c-bench experiment");
        Assert.Equal(3, certificates.Length);
        Assert.Contains("| stages | prepare, samples, times, table |\n", certificates[1], StringComparison.Ordinal);
        Assert.Contains("| stages | prepare |\n", certificates[2], StringComparison.Ordinal);
        Assert.All(certificates.Skip(1), text => Assert.Contains("| commit | ", text, StringComparison.Ordinal));
    }

    [Fact]
    public void What_was_interrupted_or_lost_is_done_again_to_the_same_figures_and_the_rest_is_kept()
    {
        string[] args = [.. _tiny, "--out", Path("b")];
        int interruptions = 0;
        for (int remarks = 2; ; remarks += 2, interruptions++)
        {
            using CancellationTokenSource stop = new();
            (int code, _, string error) = Run(args, new StopAfter(remarks, stop), stop.Token);
            if (code == ExitCode.Ok)
            {
                break;
            }

            Assert.Equal(ExitCode.Interrupted, code);
            Assert.True(interruptions < 20, error);
        }

        Assert.True(interruptions >= 3, $"{interruptions} interruptions");
        string interrupted = File.ReadAllText(Path("b", "experiment-4.csv"));
        Assert.Equal(ExitCode.Ok, Run([.. _tiny, "--out", Path("c")]).Code);
        Assert.Equal(Figures(Path("c")), Figures(Path("b")));

        // Kept times make the table the same to the last byte; a chunk and a distance that are gone come back.
        string features = Directory.GetFiles(Path("b", "features"), "all*-001.npy").Single();
        byte[] before = File.ReadAllBytes(features);
        File.Delete(features);
        Array.ForEach(Directory.GetFiles(Path("b", "distances"), "all*-40.json"), File.Delete);
        Assert.Equal(ExitCode.Ok, Run(args).Code);
        Assert.Equal(before, File.ReadAllBytes(features));
        Assert.Equal(interrupted, File.ReadAllText(Path("b", "experiment-4.csv")));

        // All but times.
        static ExperimentFigures[] Figures(string folder) =>
        [
            .. ExperimentFigures.FromCsv(System.IO.Path.Combine(folder, "experiment-4.csv"))
                .Select(row => row with { TimeRatio = 0, TimeLow = 0, TimeHigh = 0 }),
        ];
    }

    [Fact]
    public void Every_method_makes_a_row()
    {
        string[] args =
        [
            "experiment", "--steps", "6", "--out", Path("d"), "--stage", "prepare", "--budgets", "0.8,0.6", "--l1", "1", "--next-l1", "1",
            "--router-steps", "40", "--threads", "2",
        ];
        (int code, _, string error) = Run(args);
        Assert.True(code == ExitCode.Ok, error);
        ExperimentFolder folder = new(Path("d"));
        Assert.All(ExperimentMethods.Names, method => Assert.NotEmpty(folder.Rows(method)!));
        ExperimentRow[] rows = [.. ExperimentMethods.Names.SelectMany(method => folder.Rows(method)!)];
        Assert.Equal(rows.Length, rows.Select(row => row.File.ToUpperInvariant()).Distinct().Count());
        Assert.All(rows, row => Assert.True(File.Exists(folder.Schedule(row))));

        // Near the budgets where there are parameters enough.
        Assert.Equal(["5", "4"], folder.Rows("fewer steps")!.Select(row => row.Parameter));
        (code, _, error) = Run([.. args, "--images", "30", "--best-images", "30"]);
        Assert.Equal(ExitCode.Usage, code);
        Assert.Contains("with other settings (images 2000, not 30)", error, StringComparison.Ordinal);
        (code, _, error) = Run([.. args, "--rounds", "2"]);
        Assert.Equal(ExitCode.Usage, code);
        Assert.Contains("(rounds 22, not 2)", error, StringComparison.Ordinal);
        (code, _, error) = Run([.. args.Select(word => word == "prepare" ? "table" : word)]);
        Assert.Equal(ExitCode.Usage, code);
        Assert.Contains("run the stage samples first", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("there is no such method", "--method", "intervals")]
    [InlineData("not a multiple", "--images", "20", "--best-images", "50")]
    [InlineData("--steps", "--steps", "1")]
    public void What_cannot_be_is_a_usage_error(string told, params string[] args)
    {
        (int code, _, string error) = Run(["experiment", "--out", Path("e"), .. args]);
        Assert.Equal(ExitCode.Usage, code);
        Assert.Contains(told, error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(Path("e")));
    }

    [Fact]
    public void No_two_methods_look_alike()
    {
        var looks = ExperimentMethods.Names.Select((_, i) => (ExperimentPlot.Colour(ExperimentMethods.Names, i), ExperimentPlot.Shape(i))).ToArray();
        Assert.Equal(looks.Length, looks.Distinct().Count());
    }

    [Fact]
    public void Preparing_sees_other_noise_than_the_rows()
    {
        ExperimentSettings settings = new() { Steps = 4, Weights = "" };
        Assert.NotEqual(ExperimentSampling.Request(settings, 4).Seed, ExperimentSampling.PreparingRequest(settings).Seed);
        Assert.Equal(ExperimentSampling.Request(settings, 4), ExperimentSampling.PreparingRequest(settings) with { Seed = 0 });
    }

    [Fact]
    public void The_picture_has_a_panel_per_table()
    {
        ExperimentFigures none = new("no caching", "", 20, 1, 1, 1, 1, 20, 0.5, 0.4, 0.6, 0, 0, 0, null, 0);
        ExperimentFigures[] rows =
        [
            none,
            none with { Method = "interval", TimeRatio = 0.5, TimeLow = 0.48, TimeHigh = 0.52, Frechet = 0.9, FrechetLow = 0.8, FrechetHigh = 1 },
            none with { Method = "drop", TimeRatio = 0.6, TimeLow = 0.6, TimeHigh = 0.6, Frechet = 50, FrechetLow = 49, FrechetHigh = 51 },
            none with { Method = "random", TimeRatio = 0.7, TimeLow = 0.6, TimeHigh = 0.8 },
        ];
        File.WriteAllText(Path("t.csv"), ExperimentFigures.ToCsv(rows));
        Assert.Equal(rows, ExperimentFigures.FromCsv(Path("t.csv")));
        Assert.Equal(ExitCode.Ok, Run(["experiment-plot", Path("t.csv"), Path("t.csv"), Path("t.csv"), "--out", Path("p.svg")]).Code);
        string svg = File.ReadAllText(Path("p.svg"));
        Assert.Equal(ExitCode.Ok, Run(["experiment-plot", Path("t.csv"), "--out", Path("one.svg")]).Code);
        int titles = Titles(File.ReadAllText(Path("one.svg")));
        Assert.True(titles > 0);
        Assert.Equal(3 * titles, Titles(svg));
        Assert.Contains("interval", svg, StringComparison.Ordinal); // in the legend alone

        // The fourth method's marker is open: its colour is in the legend and in every panel all the same.
        Assert.True(svg.Split("#FFBB78", StringSplitOptions.None).Length - 1 >= 4 || svg.Split("#ffbb78").Length - 1 >= 4);
        Assert.Equal(ExitCode.Ok, Run(["experiment-plot", Path("t.csv"), "--out", Path("p.png")]).Code);
        Assert.True(new FileInfo(Path("p.png")).Length > 5000);
        File.WriteAllText(Path("n.csv"), "a,b\n1,2\n");
        (int code, _, string error) = Run(["experiment-plot", Path("n.csv"), "--out", Path("q.png")]);
        Assert.NotEqual(ExitCode.Ok, code);
        Assert.Contains("is not the table of an experiment", error, StringComparison.Ordinal);

        static int Titles(string picture) => picture.Split("20 steps, 20 images").Length - 1;
    }

    public void Dispose() => _folder.Dispose();

    private static double Distance(ExperimentFolder folder, string file, int[] chunks)
    {
        const int length = RandomConvFeatures.Length;
        double[] rows = [.. chunks.SelectMany(chunk => folder.Numbers("features", file, chunk)!).Chunk(ExperimentSampling.NumbersPerImage)
            .SelectMany(image => image[..length])];
        return FrechetDistance.Between(
            FeatureStatistics.Of(rows, length), FeatureStatistics.Of(folder.Numbers("features", "data", 0)!, length)).Distance;
    }

    private string Path(params string[] parts) => System.IO.Path.Combine([_folder.Path, .. parts]);

    private static (int Code, string Output, string Error) Run(string[] args, TextWriter? error = null, CancellationToken? cancel = null)
    {
        StringWriter output = new();
        error ??= new StringWriter(CultureInfo.InvariantCulture);
        int code = Program.Run(args, new Terminal(output, error, Interactive: false, cancel ?? TestContext.Current.CancellationToken));
        return (code, output.ToString(), error.ToString()!);
    }

    /// <summary>Cancels after so many lines.</summary>
    private sealed class StopAfter(int lines, CancellationTokenSource stop) : StringWriter(CultureInfo.InvariantCulture)
    {
        private int _left = lines;

        public override void WriteLine(string? value)
        {
            base.WriteLine(value);
            if (--_left == 0)
            {
                stop.Cancel();
            }
        }
    }
}
