using L2c.Model.Training;
using L2c.Weights;
using L2c.Weights.Storage;

namespace L2c;

/// <summary>The logs of a run: <c>log.csv</c>, <c>log.jsonl</c> and TensorBoard's events, with the same rows, and a picture of the loss.</summary>
internal sealed class RunLogs : IDisposable
{
    private const string Table = "log.csv", Lines = "log.jsonl", Events = "tensorboard", Picture = "loss.png";

    private static readonly string[] _written = [Table, Lines, Events];

    private readonly RunFolder _folder;
    private readonly List<ITrainingLog> _logs = [];
    private readonly float[] _row;
    private readonly FigureMeans _means;

    /// <summary>Opens the logs, cut back to where the run stands; those of a run that this one replaces begin anew.</summary>
    /// <param name="folder">The run.</param>
    /// <param name="trainer">Restored, if the run is resumed.</param>
    /// <exception cref="IOException">A log cannot be read or written.</exception>
    public RunLogs(RunFolder folder, ITrained trainer)
    {
        (_folder, _means, _row) = (folder, trainer.Means, new float[trainer.Means.Names.Count]);

        // Steps that the state still sums up may have a row of their own, written at the end of a short run: the next row has them again.
        long? resumeAfter = folder.Continues ? trainer.StepsDone - (_means.Count > 0 ? 1 : 0) : null;
        try
        {
            foreach (string name in _written)
            {
                _logs.Add(TrainingLog.Open(folder.File(name), _means.Names, resumeAfter, folder.Remark));
            }

            string picture = folder.File(Picture);
            if (File.Exists(picture) && !IsOurs(picture))
            {
                folder.Remark($"note: {picture} was not drawn by this program; it is kept as {SetAside.Move(picture)}");
            }

            // Not the picture of an earlier run, or of steps that are gone.
            Draw();
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Their names in the folder.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. _written, Picture];

    /// <summary>Fails if a log in a folder leads elsewhere. Writes nothing.</summary>
    /// <exception cref="IOException">It is a link, a device, or what is to be a file is a folder.</exception>
    public static void RequireOwn(string folder)
    {
        GrowingFile.RequireOwn(Path.Combine(folder, Table));
        GrowingFile.RequireOwn(Path.Combine(folder, Lines));
        Folders.RequireOwn(Path.Combine(folder, Events));
        AtomicFile.RequireFree(Path.Combine(folder, Picture), overwrite: true);
    }

    /// <summary>Writes a row of means.</summary>
    public void Write(int step)
    {
        _means.Take(_row);
        _logs.ForEach(log => log.Write(step, _row));
    }

    /// <summary>Writes a row of the means so far, which go on: a run that is made longer replaces it.</summary>
    public void WriteRest(int step)
    {
        if (_means.Count > 0)
        {
            _means.Read(_row);
            _logs.ForEach(log => log.Write(step, _row));
        }
    }

    /// <summary>Brings all rows to the disk and draws them.</summary>
    public void Flush()
    {
        _logs.ForEach(log => log.Flush());
        Draw();
    }

    /// <summary>Closes the logs.</summary>
    public void Dispose() => _logs.ForEach(log => log.Dispose());

    /// <summary>Whether a picture says inside that this program has drawn it.</summary>
    internal static bool IsOurs(string picture)
    {
        try
        {
            using ByteSource source = ByteSource.OpenFile(picture);
            return PngFile.Read(source).Text.ContainsKey(SampleDescription.Key);
        }
        catch (MalformedFileException)
        {
            return false;
        }
    }

    private void Draw() => LossPlot.Draw(LogTable.Read(_folder.File(Table))).Write(_folder.File(Picture), overwrite: true);
}
