namespace L2c;

/// <summary>A file that receives rows of the same named figures, each at an optimisation step.</summary>
internal interface ITrainingLog : IDisposable
{
    /// <summary>Appends one row and hands it to the operating system, so that a killed process loses none. Nothing is allocated.</summary>
    /// <param name="step">Optimisation steps done, larger than that of the call before.</param>
    /// <param name="values">The figures in the order of the names that the log was opened with.</param>
    void Write(long step, ReadOnlySpan<float> values);

    /// <summary>Brings everything to the disk: call before a checkpoint of the same step is written, so that the log is never behind it.</summary>
    void Flush();
}
