using System.Runtime.InteropServices;
using System.Text.Json;
using L2c.Testing;
using L2c.Weights;
using L2c.Weights.Memory;
using L2c.Weights.Npy;

namespace L2c.Cli.Tests.Evaluation;

public sealed class MetricsTests(InceptionFile inception) : IClassFixture<InceptionFile>, IDisposable
{
    private const int Size = 24;
    private static readonly string[] _keys = ["fid", "sfid", "inceptionScore", "precision", "recall"];

    private readonly CliRunner _cli = new();

    [Fact]
    public void Two_sets_of_images_have_all_metrics_whatever_file_they_are_in()
    {
        string samples = Npz("samples.npz", 6, seed: 1), reference = Npz("reference.npz", 5, seed: 2);
        CliResult result = Images(samples, reference, "--json");
        JsonElement json = result.Json;
        Assert.All(_keys, key => Assert.True(double.IsFinite(Number(json, key))));
        Assert.True(Number(json, "fid") > 0 && Number(json, "sfid") > 0 && Number(json, "inceptionScore") >= 1);
        Assert.Equal((6, 5, "inception-2015-12-05/adm"),
            (json.GetProperty("sampleImages").GetInt32(), json.GetProperty("referenceImages").GetInt32(), json.GetProperty("features").GetString()));
        Assert.Empty(json.GetProperty("missing").EnumerateObject());

        // The same distance by the other command, and of the same pixels from another file.
        NpyFile.Write(_cli.PathOf("float.npy"), TensorType.F32, [6, 3, Size, Size], EvaluationRuns.Bytes(Pictures(6, seed: 1)), overwrite: false);
        JsonElement evaluated = _cli.Run(
            "evaluate", _cli.PathOf("float.npy"), "--data", reference, "--features", "inception", "--inception", inception.Path, "--device", "cpu",
            "--json").Json;
        Assert.Equal(Number(json, "fid"), Number(evaluated.GetProperty("samples"), "frechet"));
        Assert.Equal("inception-2015-12-05/adm", evaluated.GetProperty("features").GetString());
        Assert.True(Number(evaluated.GetProperty("samples"), "frechetHigh") > Number(json, "fid"));
    }

    [Fact]
    public void A_models_samples_are_measured_in_the_features_of_FID()
    {
        string data = EvaluationRuns.Write(_cli.PathOf("data.safetensors"), EvaluationRuns.Pixels(6, 8, seed: 1), 8);
        string model = TinyModel.Write(_cli.PathOf("tiny.safetensors"), TinyModel.Pixels);
        CliResult result = _cli.Run(
            "evaluate", "--ckpt", model, "--device", "cpu", "--count", "3", "--steps", "2", "--ddim", "none", "--data", data, "--data-count", "3",
            "--features", "inception", "--inception", inception.Path, "--json");
        JsonElement samples = result.Json.GetProperty("samples"), floor = result.Json.GetProperty("floor");
        Assert.Equal("inception-2015-12-05/adm", result.Json.GetProperty("features").GetString());
        Assert.True(Number(samples, "frechetLow") < Number(samples, "frechet") && Number(samples, "frechet") < Number(samples, "frechetHigh"));
        Assert.True(Number(floor, "frechet") < Number(samples, "frechet"), "a random model's samples are further from the data than the data");
        Assert.Contains("3 images are no more than the 2048 features", result.Err, StringComparison.Ordinal);
    }

    [Fact]
    public void A_set_is_itself_and_the_other_recipe_has_other_features()
    {
        string samples = Npz("samples.npz", 5, seed: 1), other = Npz("other.npz", 4, seed: 2);
        JsonElement same = Images(samples, samples, "--json", "--rounding", "adm").Json;
        Assert.InRange(Number(same, "fid"), -1e-3, 1e-3);
        Assert.Equal((1.0, 1.0), (Number(same, "precision"), Number(same, "recall")));
        CliResult text = Images(samples, other, "--recipe", "ptfid", "--count", "3");
        Assert.Matches(
            @"^samples.npz \(3 images\) against other.npz \(4 images\), inception-2015-12-05/ptfid\nFID +\d+\.\d{4}\nsFID +\d+\.\d{4}\n"
            + @"Inception Score +1\.\d{4}\nprecision +-  \(samples.npz has too few images: 3 of at least 4\)\nrecall +- .*\n$",
            text.Out);
        Assert.NotEqual(Images(samples, other, "--count", "3").Out.Split('\n')[1], text.Out.Split('\n')[1]);
    }

    [Fact]
    public void Statistics_give_distances_without_a_network()
    {
        // |(1,2) - (1,0)|² + Tr(diag(4,9) + diag(1,1) - 2 diag(2,3)) = 4 + 1 + 4
        string samples = Statistics("a.npz", ("mu", [1, 2]), ("sigma", [4, 0, 0, 9]), ("mu_s", [0]), ("sigma_s", [1]));
        string reference = Statistics("b.npz", ("mu", [1, 0]), ("sigma", [1, 0, 0, 1]), ("mu_s", [3]), ("sigma_s", [4]));
        JsonElement json = _cli.Run("metrics", samples, reference, "--device", "cpu", "--json").Json;
        Assert.Equal(9, Number(json, "fid"), 12);
        Assert.Equal(10, Number(json, "sfid"), 12);
        Assert.All(_keys[2..], key =>
        {
            Assert.Equal(JsonValueKind.Null, json.GetProperty(key).ValueKind);
            Assert.Equal("a.npz has only statistics, no images", json.GetProperty("missing").GetProperty(key).GetString());
        });

        string half = Statistics("c.npz", ("mu", [1, 0]), ("sigma", [1, 0, 0, 1]));
        JsonElement less = _cli.Run("metrics", samples, half, "--device", "cpu", "--json").Json;
        Assert.Equal((9.0, JsonValueKind.Null), (Math.Round(Number(less, "fid"), 9), less.GetProperty("sfid").ValueKind));
        Assert.Equal("c.npz has no mu_s and sigma_s", less.GetProperty("missing").GetProperty("sfid").GetString());
    }

    [Fact]
    public void Features_that_are_kept_are_gone_on_from_after_an_interruption_and_a_half_written_row()
    {
        string samples = Npz("samples.npz", 5, seed: 1), reference = Npz("reference.npz", 4, seed: 2), keep = _cli.PathOf("keep");
        string undisturbed = Images(samples, reference).Out;
        MetricsRequest request = new() { Samples = samples, Reference = reference, Inception = inception.Path, Keep = keep, Batch = 1 };
        using CancellationTokenSource stop = new();
        Assert.Throws<OperationCanceledException>(() => ImageMetrics.Run(request, new Stopping("features, samples.npz", 4, stop), stop.Token));
        string file = Assert.Single(Directory.GetFiles(keep, "*.features"));
        long kept = new FileInfo(file).Length, rows = kept / 20324;
        Assert.InRange(rows, 2, 4);

        CliResult interrupted = _cli.Run(
            new CancellationToken(canceled: true), "metrics", samples, reference, "--inception", inception.Path, "--device", "cpu", "--keep", keep);
        interrupted.MustFail(130, $"interrupted; the features so far are in {keep}; the same command continues from there");

        // As kill -9 may leave it.
        using (FileStream stream = File.OpenWrite(file))
        {
            stream.SetLength(kept - 100);
        }

        CliResult resumed = Images(samples, reference, "--keep", keep);
        Assert.Equal(undisturbed, resumed.Out);
        Assert.Contains($"note: samples.npz: {rows - 1} of 5 features are in {keep}", resumed.Err, StringComparison.Ordinal);
        CliResult again = Images(samples, reference, "--keep", keep);
        Assert.Equal(undisturbed, again.Out);
        Assert.Contains("note: reference.npz: all features are in", again.Err, StringComparison.Ordinal);

        // Another image under the same name is another set.
        File.Delete(samples);
        _ = Npz("samples.npz", 5, seed: 3);
        CliResult changed = Images(samples, reference, "--keep", keep);
        Assert.DoesNotContain("note: samples.npz", changed.Err, StringComparison.Ordinal);
        Assert.Equal(Images(samples, reference).Out, changed.Out);
        Assert.NotEqual(undisturbed, changed.Out);
        Assert.Equal(3, Directory.GetFiles(keep, "*.features").Length);
    }

    [Theory]
    [InlineData(2, "one.npz: one image does not make a distribution; give at least two", "one.npz", "two.npz")]
    [InlineData(2, "two.npz has images, whose features need the FID Inception network; name its file with --inception", "two.npz", "two.npz")]
    [InlineData(2, "shapes, seed 0 is endless; say how many images to take with --reference-count", "two.npz", "shapes")]
    [InlineData(4, "image 1 has values that are not pixels", "nan.npy", "two.npz", "--inception", "INCEPTION")]
    [InlineData(4, "holds a model of the family 'dit', not the FID Inception network", "two.npz", "two.npz", "--inception", "tiny.safetensors")]
    [InlineData(4, "holds a model of the family 'dit', not the FID Inception network", "two.npz", "two.npz", "--inception", "bare.safetensors")]
    [InlineData(4, "empty: is a folder without PNG files", "two.npz", "empty")]
    [InlineData(2, "two.npz has 2048 features of an image, and wide.npz has 2; compare images, or mu and sigma", "two.npz", "wide.npz")]
    [InlineData(2, "2 features of an image, and other.npz has 1; compare images, or mu_s and sigma_s of one network", "spatial.npz", "other.npz")]
    [InlineData(2, "--dtype applies to sampling", "evaluate", "two.npz", "--features", "inception", "--inception", "INCEPTION", "--dtype", "fp32")]
    [InlineData(4, "has no array arr_0", "empty.npz", "two.npz")]
    [InlineData(4, "mu of [2] and sigma of [3]", "broken.npz", "two.npz")]
    [InlineData(4, "not finite", "nan.npz", "two.npz")]
    [InlineData(2, "narrow.npz has 1 features of an image, and wide.npz has 2", "narrow.npz", "wide.npz")]
    [InlineData(2, "--count 2: ", "narrow.npz", "wide.npz", "--count", "2")]
    [InlineData(2, "applies to --features inception", "evaluate", "--inception", "x")]
    public void What_cannot_be_compared_is_refused(int code, string message, params string[] arguments)
    {
        _ = Npz("one.npz", 1, seed: 1);
        _ = Npz("two.npz", 2, seed: 1);
        _ = Statistics("empty.npz", ("images", [1]));
        _ = Statistics("broken.npz", ("mu", [1, 2]), ("sigma", [1, 2, 3]));
        _ = Statistics("narrow.npz", ("mu", [1]), ("sigma", [1]));
        _ = Statistics("wide.npz", ("mu", [1, 2]), ("sigma", [1, 0, 0, 1]));
        _ = Statistics("spatial.npz", ("mu", [1]), ("sigma", [1]), ("mu_s", [1, 2]), ("sigma_s", [1, 0, 0, 1]));
        _ = Statistics("other.npz", ("mu", [1]), ("sigma", [1]), ("mu_s", [1]), ("sigma_s", [1]));
        Directory.CreateDirectory(_cli.PathOf("empty"));
        _ = TinyModel.Write(_cli.PathOf("bare.safetensors"), TinyModel.Pixels, described: false);
        _ = Statistics("nan.npz", ("mu", [1]), ("sigma", [double.NaN]));
        float[] pixels = Pictures(2, seed: 1);
        pixels[^5] = float.NaN;
        NpyFile.Write(_cli.PathOf("nan.npy"), TensorType.F32, [2, 3, Size, Size], EvaluationRuns.Bytes(pixels), overwrite: false);
        _ = TinyModel.Write(_cli.PathOf("tiny.safetensors"), TinyModel.Pixels);
        string[] words =
            [.. arguments.Select(word => word == "INCEPTION" ? inception.Path : Path.Exists(_cli.PathOf(word)) ? _cli.PathOf(word) : word)];
        _cli.Run(arguments[0] == "evaluate" ? [.. words, "--device", "cpu"] : ["metrics", .. words, "--device", "cpu"]).MustFail(code, message);
    }

    [Fact]
    public void Where_no_batch_fits_fewer_images_are_advised()
    {
        string samples = Npz("samples.npz", 5, seed: 1);
        DeviceChoice tight = DeviceChoice.Cpu with { Memory = new HostMemory { Stated = "10M" } };
        MetricsRequest request = new() { Samples = samples, Reference = samples, Inception = inception.Path, Device = tight };
        string message = Assert.Throws<InsufficientMemoryException>(() => ImageMetrics.Run(request)).Message;
        Assert.EndsWith("so free some memory, or give fewer images with --count and --reference-count", message, StringComparison.Ordinal);
    }

    public void Dispose() => _cli.Dispose();

    private CliResult Images(string samples, string reference, params string[] options) =>
        _cli.Run(["metrics", samples, reference, "--inception", inception.Path, "--device", "cpu", .. options]);

    private static float[] Pictures(int count, int seed) =>
        [.. EvaluationRuns.Quantised(EvaluationRuns.Pixels(count, Size, seed)).Select(value => (value - 127.5f) / 127.5f)];

    private string Npz(string name, int count, int seed)
    {
        byte[] pixels = EvaluationRuns.ChannelsLast(EvaluationRuns.Quantised(Pictures(count, seed)), Size);
        return Write(name, writer => Add(writer, "arr_0", TensorType.U8, [count, Size, Size, 3], pixels));
    }

    private string Statistics(string name, params (string Name, double[] Values)[] arrays) => Write(name, writer =>
    {
        foreach ((string array, double[] values) in arrays)
        {
            int side = (int)Math.Sqrt(values.Length);
            long[] shape = array.StartsWith("sigma", StringComparison.Ordinal) && side * side == values.Length ? [side, side] : [values.Length];
            Add(writer, array, TensorType.F64, shape, MemoryMarshal.AsBytes(values.AsSpan()).ToArray());
        }
    });

    private string Write(string name, Action<NpzWriter> write)
    {
        using FileStream stream = File.Create(_cli.PathOf(name));
        NpzWriter writer = new(stream);
        write(writer);
        writer.Finish();
        return _cli.PathOf(name);
    }

    private static void Add(NpzWriter writer, string name, TensorType type, long[] shape, byte[] bytes)
    {
        writer.Begin(name, type, shape);
        writer.Write(bytes);
        writer.End();
    }

    private static double Number(JsonElement json, string name) => json.GetProperty(name).GetDouble();

    /// <summary>Presses Ctrl-C when so much of a piece of work is done.</summary>
    private sealed class Stopping(string work, int done, CancellationTokenSource stop) : IProgress<WorkProgress>
    {
        public void Report(WorkProgress value)
        {
            if (value.Work == work && value.Done == done)
            {
                stop.Cancel();
            }
        }
    }
}
