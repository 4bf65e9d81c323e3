using L2c.Model.Accounting;
using L2c.Model.Caching;
using L2c.Model.Calibration;
using L2c.Weights;
using L2c.Weights.Storage;

namespace L2c;

/// <summary>The files of a calibration: a folder that is there before the long work, the table, and a schedule per threshold.</summary>
/// <remarks>A folder that was created and to which nothing was written is removed again.</remarks>
internal sealed class CalibrationFiles : IDisposable
{
    private readonly CalibrationJob _job;
    private readonly string? _created; // the uppermost of the folders

    /// <summary>Creates the folder if need be.</summary>
    /// <param name="job">What is written.</param>
    /// <exception cref="IOException">It is a file, cannot be created, or nothing can be written to it.</exception>
    public CalibrationFiles(CalibrationJob job)
    {
        (_job, string folder) = (job, job.Request.Folder);
        if (File.Exists(folder))
        {
            throw new IOException($"{folder} is a file; name a folder");
        }

        try
        {
            _created = Folders.Create(folder);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new IOException($"{folder}: the folder cannot be created ({e.Message}); name another with --out", e);
        }

        AtomicFile.ProbeFolder(folder);
    }

    /// <summary>Writes what was measured.</summary>
    /// <exception cref="RequestException">Something that was measured is not finite.</exception>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public void Write(CalibrationTable measured)
    {
        byte[] text;
        try
        {
            text = CalibrationJson.ToUtf8(measured);
        }
        catch (ArgumentException e)
        {
            throw new RequestException($"{measured.Model}: {e.Message}; nothing is written", e);
        }

        Write(_job.TableFile, text);
    }

    /// <summary>Makes a schedule of every threshold and writes it.</summary>
    /// <exception cref="RequestException">The table lacks something that the method needs.</exception>
    /// <exception cref="IOException">A file cannot be written.</exception>
    public CalibrationResult WriteSchedules(CalibrationTable table)
    {
        List<CalibratedSchedule> made = [];
        foreach (double threshold in _job.Thresholds)
        {
            CacheSchedule schedule;
            try
            {
                schedule = _job.Method.Decide(table, threshold, _job.Request.Settings);
            }
            catch (ArgumentException e)
            {
                throw new RequestException($"{_job.TableFile}: {e.Message}", e);
            }

            string file = _job.FileOf(threshold);
            Write(file, _job.Request.AsSmoothCache
                ? SmoothCacheJson.ToUtf8(schedule)
                : ScheduleJson.From(schedule, table.Model, table.Sampler).ToUtf8());
            RunCost cost = new(schedule, NetworkCost.Of(_job.Sample.Architecture));
            int branches = schedule.Evaluations * schedule.Branches;
            made.Add(new CalibratedSchedule(
                threshold,
                file,
                branches - schedule.SkippedBranches,
                branches,
                (double)cost.MacsAfter / cost.MacsBefore,
                cost.IdealSpeedup,
                schedule));
        }

        return new CalibrationResult(_job.Method.Name, _job.Method.ThresholdName, _job.TableFile, made, table);
    }

    /// <inheritdoc/>
    public void Dispose() => Folders.RemoveEmpty(_job.Request.Folder, _created);

    private void Write(string path, byte[] text) => AtomicFile.Write(path, _job.Request.Overwrite, stream => stream.Write(text));
}
