using L2c.Model.Training;

namespace L2c;

/// <summary>Advances a trainer and writes logs, results and states, in an order that a kill at any moment cannot break.</summary>
internal static class TrainingLoop
{
    /// <summary>Trains until the last step, or until it is cancelled; then the state is written after the step in progress.</summary>
    /// <param name="trainer">Restored, if the run is resumed.</param>
    /// <param name="schedule">How long, how often.</param>
    /// <param name="folder">The run.</param>
    /// <param name="grids">Draws samples in between; null for none.</param>
    /// <param name="writeResults">Writes what the run is for, as far as it has come.</param>
    /// <param name="progress">Told of every step.</param>
    /// <param name="cancel">Looked at between steps.</param>
    /// <returns>Whether it came to the last step.</returns>
    /// <exception cref="DivergedException">The training diverged.</exception>
    /// <exception cref="IOException">A file cannot be read or written.</exception>
    public static bool Run(
        ITrainer trainer,
        TrainingSchedule schedule,
        RunFolder folder,
        SampleGrids? grids,
        Action writeResults,
        IProgress<TrainingProgress>? progress,
        CancellationToken cancel)
    {
        folder.Begin(trainer.StepsDone);
        using RunLogs logs = new(folder, trainer);
        int begin = trainer.StepsDone;
        bool saved = folder.Continues;
        grids?.Begin(begin, cancel);
        while (trainer.StepsDone < schedule.MaxSteps && !cancel.IsCancellationRequested)
        {
            trainer.Advance();
            int step = trainer.StepsDone;
            if (schedule.IsLogged(step))
            {
                logs.Write(step);
            }

            grids?.Draw(step, cancel);
            saved = schedule.SavesAt(step);
            if (saved)
            {
                Save();
            }

            progress?.Report(new TrainingProgress(step, schedule.MaxSteps, saved, trainer.Metrics.ToArray()));
        }

        if (!saved)
        {
            Save();
        }
        else if (trainer.StepsDone == begin)
        {
            // A finished run that is resumed: its results may be missing.
            writeResults();
        }

        return trainer.StepsDone >= schedule.MaxSteps;

        // Logs first: they may be ahead of a state, which cuts them back, never behind it. Results last: they follow from the state, and results
        // without one could not be told from those of a finished run, which nothing may write over.
        void Save()
        {
            logs.Flush();
            folder.States.Save(trainer.StepsDone, trainer.Save);
            writeResults();
        }
    }
}
