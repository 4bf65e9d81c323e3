namespace L2c;

/// <summary>How long a run goes on and how often it writes. Nothing here changes a bit of what is trained.</summary>
/// <param name="MaxSteps">Optimisation steps in total, including those before resuming.</param>
/// <param name="StateEvery">Steps between states and intermediate results.</param>
/// <param name="LogEvery">Steps between rows of the logs, which are means over them.</param>
internal sealed record TrainingSchedule(int MaxSteps, int StateEvery, int LogEvery)
{
    /// <summary>Whether a state is written after that many steps.</summary>
    public bool SavesAt(int step) => step % StateEvery == 0 || step == MaxSteps;

    /// <summary>Whether a row is logged after that many steps.</summary>
    public bool IsLogged(int step) => step % LogEvery == 0;
}
