using System.Globalization;
using L2c.Kernels;
using L2c.Model.Calibration;
using L2c.Model.Runs;
using L2c.Weights;
using L2c.Weights.Layouts;

namespace L2c;

/// <summary>A calibration that is known to fit model, device and files before weights are loaded.</summary>
public sealed class CalibrationJob
{
    private readonly CalibrationTable? _given;

    /// <summary>Decides.</summary>
    /// <param name="request">What was asked for.</param>
    /// <param name="architecture">The model.</param>
    /// <param name="device">Where it will run.</param>
    /// <exception cref="RequestException">Settings do not fit each other, the model or the table.</exception>
    /// <exception cref="MalformedFileException">The table is damaged.</exception>
    /// <exception cref="IOException">A file is there and may not be replaced.</exception>
    public CalibrationJob(CalibrationRequest request, TransformerArchitecture architecture, DeviceChoice device)
    {
        Request = request;
        Method = CalibrationMethod.Find(request.Method) ?? throw new RequestException(
            $"--method {request.Method}: there is no such method; give {string.Join(", ", CalibrationMethod.All.Select(method => method.Name))}"
            + KnownWords.DidYouMean(request.Method, CalibrationMethod.All.Select(method => method.Name)));
        Thresholds = [.. request.Thresholds ?? Method.DefaultThresholds];
        if (Thresholds.Count == 0 || Thresholds.Any(value => !(value >= 0 && double.IsFinite(value))))
        {
            throw new RequestException($"--{Method.ThresholdName}: thresholds are finite numbers of at least 0; give one or several");
        }

        if (Thresholds.GroupBy(value => value).FirstOrDefault(same => same.Count() > 1) is { } twice)
        {
            throw new RequestException(string.Create(
                CultureInfo.InvariantCulture, $"--{Method.ThresholdName} {twice.Key} is given twice; give each threshold once"));
        }

        if (request.AsSmoothCache && !Method.ChoosesBranches)
        {
            throw new RequestException(
                $"--schedule-format smoothcache: the lists cannot say that all blocks are replaced together, as {Method.Name} does; "
                + "give --schedule-format l2c");
        }

        Require("--lookahead", request.Settings.Lookahead >= 1, "at least 1");
        Require("--max-skips", request.Settings.MaxSkips >= 1, "at least 1");
        Require("--retention-ratio", request.Settings.Retention is >= 0 and <= 1, "a number from 0 to 1");
        Require("--ret-steps", request.Settings.FirstComputed >= 1, "at least 1");
        Sample = new SampleJob(
            request.Sample with { Cache = new CacheRequest(), Count = request.Sample.Count ?? CalibrationRequest.DefaultCount },
            architecture,
            device);
        _given = request.Table is null ? null : Fitting(request.Table);
        foreach (string file in Files)
        {
            AtomicFile.RequireFree(file, request.Overwrite);
        }
    }

    /// <summary>What was asked for.</summary>
    public CalibrationRequest Request { get; }

    /// <summary>The method.</summary>
    public CalibrationMethod Method { get; }

    /// <summary>A schedule is made of each.</summary>
    public IReadOnlyList<double> Thresholds { get; }

    /// <summary>The uncached run that is measured.</summary>
    public SampleJob Sample { get; }

    /// <summary>What a person should know of the table that is read, one line; null for nothing.</summary>
    public string? Remark => _given is null || (_given.Model, _given.Sampler) == (Sample.Architecture.Name, Sample.Sampler.Name)
        ? null
        : $"{Request.Table} was measured on {FileText.Printable(_given.Model)} with {FileText.Printable(_given.Sampler)}; "
            + $"it fits {Sample.Architecture.Name} and {Sample.Sampler.Name} in size and is used as it is";

    /// <summary>Whether nothing is sampled, so that no weights are needed: <see cref="Decide"/>.</summary>
    public bool HasTable => _given is not null;

    /// <summary>What measuring takes beside the weights.</summary>
    public MemoryDemand Demand => new("the calibration", Need, Sample.Batch, Sample.BatchOption);

    /// <summary>Files that are written.</summary>
    public IEnumerable<string> Files => [.. HasTable ? Array.Empty<string>() : [TableFile], .. Thresholds.Select(FileOf)];

    /// <summary>The table that is written, or read.</summary>
    internal string TableFile => Request.Table ?? Path.Combine(Request.Folder, $"{Method.Name}-table.json");

    /// <summary>Makes the schedules of the table that the request names, and writes them.</summary>
    /// <exception cref="InvalidOperationException">It names none.</exception>
    /// <exception cref="RequestException">The table lacks something that the method needs.</exception>
    /// <exception cref="IOException">A file cannot be written.</exception>
    public CalibrationResult Decide()
    {
        CalibrationTable table = _given ?? throw new InvalidOperationException("the request names no table; calibrate on a loaded model");
        using CalibrationFiles files = new(this);
        return files.WriteSchedules(table);
    }

    /// <summary>The file of a threshold's schedule: what it is called tells the schedules of one folder apart.</summary>
    internal string FileOf(double threshold) =>
        Path.Combine(Request.Folder, string.Create(CultureInfo.InvariantCulture, $"{Method.Name}-{threshold}.json"));

    private CalibrationTable Fitting(string path)
    {
        CalibrationTable table;
        using (ByteSource source = ByteSource.OpenFile(path))
        {
            table = CalibrationJson.Read(source);
        }

        int steps = Sample.Sampler.Evaluations.Count, branches = Sample.Architecture.Branches;
        return table switch
        {
            _ when table.Method != Method.Name => throw new RequestException(
                $"{path}: measured for {FileText.Printable(table.Method)}, not for {Method.Name}; give a table of that method"),
            _ when table.Steps != steps => throw new RequestException(
                $"{path}: measured over {table.Steps} evaluations, but --steps gives {steps}; give --steps {table.Steps}"),
            _ when table.Branches != branches => throw new RequestException(
                $"{path}: measured on {table.Branches / 2} blocks, but {Sample.Architecture.Name} has {branches / 2}; name another model"),
            _ => table,
        };
    }

    /// <summary>The run, and what the method holds.</summary>
    internal MemoryNeed Need(Device device, int batch)
    {
        long held = Method.HeldValues(Sample.Architecture, Sample.Sampler.Evaluations.Count, Request.Settings, batch, Sample.Guidance.Rows(batch));
        return TrajectoryRun.Need(Sample, device, batch) + new MemoryNeed(0, sizeof(float) * held);
    }

    private static void Require(string option, bool holds, string wanted)
    {
        if (!holds)
        {
            throw new RequestException($"{option} needs {wanted}");
        }
    }
}
