using L2c.Model.Training;

namespace L2c;

/// <summary>Advances what is trained and writes logs, results and states, in an order that a kill at any moment cannot break.</summary>
internal static class TrainingLoop
{
    /// <summary>Trains until the last step, or until it is cancelled; then the state is written after the step in progress.</summary>
    /// <param name="advance">One optimisation step of everything that is trained.</param>
    /// <param name="runs">What is trained, each in its folder: restored, if it is resumed, and all at the same step.</param>
    /// <param name="schedule">How long, how often.</param>
    /// <param name="progress">Told of every step.</param>
    /// <param name="cancel">Looked at between steps.</param>
    /// <returns>Whether it came to the last step.</returns>
    /// <exception cref="DivergedException">The training diverged.</exception>
    /// <exception cref="IOException">A file cannot be read or written.</exception>
    public static bool Run(
        Action advance,
        IReadOnlyList<FolderRun> runs,
        TrainingSchedule schedule,
        IProgress<TrainingProgress>? progress,
        CancellationToken cancel)
    {
        int begin = runs[0].StepsDone, step = begin;
        bool saved = runs.All(run => run.Continues);
        try
        {
            ForEach(run => run.Begin(cancel));
            if (runs.Count > 1 && begin == 0)
            {
                // So that there is a step of which all have a state, whenever the run is killed.
                ForEach(run => run.SaveState());
            }

            while (step < schedule.MaxSteps && !cancel.IsCancellationRequested)
            {
                advance();
                step++;
                ForEach(run => run.Log(schedule, cancel));
                saved = schedule.SavesAt(step);
                if (saved)
                {
                    Save();
                }

                progress?.Report(new TrainingProgress(step, schedule.MaxSteps, saved, [.. runs.SelectMany(run => run.Metrics)]));
            }

            if (!saved)
            {
                Save();
            }
            else if (step == begin)
            {
                // A finished run that is resumed: its results may be missing, and the row of a run too short for one is.
                ForEach(run => run.LogRest(schedule));
                ForEach(run => run.Flush());
                ForEach(run => run.WriteResults());
            }

            return step >= schedule.MaxSteps;
        }
        finally
        {
            ForEach(run => run.Dispose());
        }

        // Logs first: they may be ahead of a state, which cuts them back, never behind it. Results last: they follow from the state, and results
        // without one could not be told from those of a finished run, which nothing may write over. Of several runs all have the new state before
        // one loses the old: then there is a step at all times of which all have one.
        void Save()
        {
            ForEach(run => run.Flush());
            ForEach(run => run.SaveState());
            ForEach(run => run.RemoveOlderStates());
            ForEach(run => run.WriteResults());
        }

        void ForEach(Action<FolderRun> act)
        {
            foreach (FolderRun run in runs)
            {
                act(run);
            }
        }
    }
}
