using L2c.Model.Training;

namespace L2c;

/// <summary>One thing in training and its folder: logs, states, grids and results of it.</summary>
/// <param name="trained">Restored, if the run is resumed.</param>
/// <param name="folder">The run.</param>
/// <param name="grids">Draws samples in between; null for none.</param>
/// <param name="writeResults">Writes what the run is for, as far as it has come.</param>
internal sealed class FolderRun(ITrained trained, RunFolder folder, SampleGrids? grids, Action writeResults) : IDisposable
{
    private RunLogs? _logs;

    /// <summary>Optimisation steps done.</summary>
    public int StepsDone => trained.StepsDone;

    /// <summary>Whether the run of the folder goes on.</summary>
    public bool Continues => folder.Continues;

    /// <summary>The figures of the last step.</summary>
    public double[] Metrics => trained.Metrics.ToArray();

    private RunLogs Logs => _logs ?? throw new InvalidOperationException("the run has not begun");

    /// <summary>Makes room in the folder and opens the logs.</summary>
    public void Begin(CancellationToken cancel)
    {
        folder.Begin(StepsDone);
        _logs = new RunLogs(folder, trained);
        grids?.Begin(StepsDone, cancel);
    }

    /// <summary>Writes the row and the grid of a step that has one.</summary>
    public void Log(TrainingSchedule schedule, CancellationToken cancel)
    {
        if (schedule.IsLogged(StepsDone))
        {
            Logs.Write(StepsDone);
        }
        else
        {
            LogRest(schedule);
        }

        grids?.Draw(StepsDone, cancel);
    }

    /// <summary>Writes a row at the end of a run that is too short for one.</summary>
    public void LogRest(TrainingSchedule schedule)
    {
        if (StepsDone == schedule.MaxSteps && schedule.MaxSteps < schedule.LogEvery)
        {
            Logs.WriteRest(StepsDone);
        }
    }

    /// <summary>Brings the logs to the disk.</summary>
    public void Flush() => Logs.Flush();

    /// <summary>Writes the state; older ones stay.</summary>
    public void SaveState() => folder.States.Write(StepsDone, trained.Save);

    /// <summary>Removes the states of earlier steps.</summary>
    public void RemoveOlderStates() => folder.States.RemoveBefore(StepsDone);

    /// <summary>Writes what the run is for.</summary>
    public void WriteResults() => writeResults();

    /// <summary>Closes the logs.</summary>
    public void Dispose() => _logs?.Dispose();
}
