using System.Runtime.InteropServices;
using System.Text.Json;
using L2c.Model.Caching;
using L2c.Weights;
using L2c.Weights.Npy;

namespace L2c.Bench.Experiment;

/// <summary>A way to sample.</summary>
/// <param name="Method">As the table has it.</param>
/// <param name="Parameter">What the method was told; empty where nothing.</param>
/// <param name="Steps">Evaluations.</param>
/// <param name="File">Name of its files, without extension.</param>
internal sealed record ExperimentRow(string Method, string Parameter, int Steps, string File);

/// <summary>The files of an experiment. Each appears when it is whole, so what is there is finished and the rest is still to do.</summary>
/// <param name="path">The folder.</param>
internal sealed class ExperimentFolder(string path)
{
    /// <summary>A file in the folder; folders on the way are made.</summary>
    public string File(params string[] parts)
    {
        string file = Path.Combine([path, .. parts]);
        _ = Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        return file;
    }

    /// <summary>The rows of a method; null where it has not been prepared.</summary>
    public IReadOnlyList<ExperimentRow>? Rows(string method) => Read<ExperimentRow[]>("rows", $"{NameOf(method)}.json");

    /// <summary>Keeps schedules and, when they are there, the rows of a method.</summary>
    public void WriteRows(string method, IReadOnlyList<(ExperimentRow Row, CacheSchedule Schedule)> rows, string model, string sampler)
    {
        foreach ((ExperimentRow row, CacheSchedule schedule) in rows)
        {
            byte[] text = ScheduleJson.From(schedule, model, sampler).ToUtf8();
            AtomicFile.Write(Schedule(row), overwrite: true, stream => stream.Write(text));
        }

        Write(rows.Select(pair => pair.Row).ToArray(), "rows", $"{NameOf(method)}.json");
    }

    /// <summary>The schedule file of a row.</summary>
    public string Schedule(ExperimentRow row) => File("schedules", $"{row.File}.json");

    /// <summary>What a JSON file holds; null where there is none.</summary>
    public T? Read<T>(params string[] parts)
        where T : class
    {
        string file = File(parts);
        try
        {
            return System.IO.File.Exists(file) ? JsonSerializer.Deserialize<T>(System.IO.File.ReadAllBytes(file), ReportJson.Options) : null;
        }
        catch (JsonException e)
        {
            throw new MalformedFileException(file, "is not what an experiment writes; remove it, and it is made again", e);
        }
    }

    /// <summary>Writes a JSON file.</summary>
    public void Write<T>(T value, params string[] parts) => AtomicFile.Write(
        File(parts), overwrite: true, stream => JsonSerializer.Serialize(stream, value, ReportJson.Options));

    /// <summary>Whether there is such a chunk.</summary>
    public bool HasNumbers(string kind, string name, int chunk) => System.IO.File.Exists(Chunk(kind, name, chunk));

    /// <summary>A chunk of numbers of every image; null where there is none.</summary>
    public double[]? Numbers(string kind, string name, int chunk)
    {
        if (!HasNumbers(kind, name, chunk))
        {
            return null;
        }

        using NpyTensorFile array = new(ByteSource.OpenFile(Chunk(kind, name, chunk)));
        double[] values = new double[array.Tensors[0].Count];
        array.ReadBytes(array.Tensors[0], 0, MemoryMarshal.AsBytes(values.AsSpan()));
        return values;
    }

    /// <summary>Writes one.</summary>
    public void WriteNumbers(string kind, string name, int chunk, double[] values, int images) => NpyFile.Write(
        Chunk(kind, name, chunk), TensorType.F64, [images, values.Length / images], MemoryMarshal.AsBytes(values.AsSpan()), overwrite: true);

    /// <summary>A name as a file has it.</summary>
    public static string NameOf(string text) =>
        string.Concat(text.Select(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' ? c : '-')).Trim('-');

    private string Chunk(string kind, string name, int chunk) => File(kind, FormattableString.Invariant($"{name}-{chunk:000}.npy"));
}
